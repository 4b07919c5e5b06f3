"""All kinds: this folder is walked once, and each file name is the kind that it declares.

No Django. A fact that only one kind needs stands in its own file; the order in which the agent
tries kinds is a fact about routing and lives there.
"""

import importlib
import pkgutil
from dataclasses import replace
from functools import lru_cache

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter, Entered
from providers.spec.kind import FieldSpec, ProviderSpec
from providers.spec.names import INHERITED_NAMES, env_key_of, known_name

_GROUPS = ("hosted", "gateway", "local", "oauth")


def _load() -> dict[str, ProviderSpec]:
    found = {}
    for module in pkgutil.iter_modules(__path__):
        spec = importlib.import_module(f"{__name__}.{module.name}").SPEC
        if spec.kind != module.name:
            raise ValueError(f"kinds/{module.name}.py declares the kind {spec.kind!r}")
        found[spec.kind] = spec
    order = sorted(found.values(), key=lambda s: (_GROUPS.index(s.group), s.label.lower()))
    return {spec.kind: spec for spec in order}


# Hosted ones by label, then gateways and plans, local servers, sign-ins.
KINDS: dict[str, ProviderSpec] = _load()


def kind_choices() -> list[tuple[str, str]]:
    return [(spec.kind, spec.label) for spec in KINDS.values()]


def adapter_for(spec: ProviderSpec, entered: Entered) -> Adapter:
    """The object that speaks HTTP to this kind, over what was entered."""
    adapter: Adapter = (spec.adapter or Adapter)(spec, entered)
    return adapter


# Endpoints of one's own -------------------------------------------------------------------------

OWN_KIND = "custom"  # how all of them are spoken to
DISPLAY_NAME = FieldSpec(
    name="display_name",
    label=_("Display name"),
    help=_("Optional: the name that pages show. In config.json it is displayName."),
    config_key="displayName",
    pattern=r"[^\x00-\x1f\x7f]{1,80}",
    placeholder=_("Company proxy"),
)


def _env_names() -> frozenset[str]:
    """Every variable that means something of a built-in kind."""
    names = {f"{kind.upper()}_API_KEY" for kind in (*KINDS, *INHERITED_NAMES)}
    for spec in KINDS.values():
        names |= {spec.env_key, *spec.env_aliases, *spec.env_also}
        names |= {name for item in spec.extra_fields for name in item.env_names}
    return frozenset(names)


_ENV_NAMES = _env_names()


@lru_cache(maxsize=512)
def own_spec(name: str, label: str = "") -> ProviderSpec:
    """The declaration of an endpoint of one's own. `label` "" = it is called by its name."""
    return replace(
        KINDS[OWN_KIND],
        own_name=name,
        label=label or name,
        env_key=env_key_of(name, _ENV_NAMES),
        extra_fields=(DISPLAY_NAME,),
        # Source: nanobot-ai 0.3.5, create_dynamic_spec
        strip_prefixes=tuple(dict.fromkeys((name, known_name(name)))),
    )


def named(name: str) -> ProviderSpec:
    """The declaration of a kind, or of an endpoint of one's own that is called by its name."""
    return KINDS.get(name) or own_spec(name)


def spec_of(kind: str, name: str, label: str = "") -> ProviderSpec:
    """The declaration of a provider by its kind and name."""
    return KINDS[kind] if name == kind else own_spec(name, label)

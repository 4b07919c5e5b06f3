"""All kinds: this folder is walked once, and each file name is the kind that it declares.

No Django. A fact that only one kind needs stands in its own file; the order in which the agent
tries kinds is a fact about routing and lives there.
"""

import importlib
import pkgutil

from providers.dialects.adapters import Adapter, Entered
from providers.spec.kind import ProviderSpec

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

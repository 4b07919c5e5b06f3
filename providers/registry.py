"""All kinds: kinds/ is walked once, and each file name is the kind that it declares. No Django."""

import importlib
import pkgutil

from providers import kinds
from providers.specs import ProviderSpec

_GROUPS = ("hosted", "gateway", "local", "oauth")


def _load() -> dict[str, ProviderSpec]:
    found = {}
    for module in pkgutil.iter_modules(kinds.__path__):
        spec = importlib.import_module(f"{kinds.__name__}.{module.name}").SPEC
        if spec.kind != module.name:
            raise ValueError(f"kinds/{module.name}.py declares the kind {spec.kind!r}")
        found[spec.kind] = spec
    order = sorted(found.values(), key=lambda s: (_GROUPS.index(s.group), s.label.lower()))
    return {spec.kind: spec for spec in order}


# Hosted ones by label, then gateways and plans, local servers, sign-ins. The order in which the
# agent tries them is a fact about routing and stands there.
KINDS: dict[str, ProviderSpec] = _load()


def kind_choices() -> list[tuple[str, str]]:
    return [(spec.kind, spec.label) for spec in KINDS.values()]

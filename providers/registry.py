"""All kinds, found once by walking the folder."""

from importlib import import_module
from pkgutil import iter_modules

from providers import kinds
from providers.specs import ProviderSpec

_GROUPS = ("hosted", "gateway", "local", "oauth")


def _walk() -> dict[str, ProviderSpec]:
    specs = []
    for module in iter_modules(kinds.__path__):
        spec: ProviderSpec = import_module(f"{kinds.__name__}.{module.name}").SPEC
        if spec.kind != module.name:
            raise ImportError(f"kinds/{module.name}.py declares {spec.kind}")
        specs.append(spec)
    specs.sort(key=lambda spec: (_GROUPS.index(spec.group), spec.label.lower()))
    return {spec.kind: spec for spec in specs}


KINDS = _walk()


def kind_choices() -> list[tuple[str, str]]:
    return [(kind, spec.label) for kind, spec in KINDS.items()]

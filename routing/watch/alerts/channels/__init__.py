"""All kinds of channels: this folder is walked once, and each file name is the kind that it
declares. Another channel is one file."""

import importlib
import pkgutil

from routing.watch.alerts.spec import ChannelSpec


def _load() -> dict[str, ChannelSpec]:
    found = {}
    for module in pkgutil.iter_modules(__path__):
        spec: ChannelSpec = importlib.import_module(f"{__name__}.{module.name}").SPEC
        if spec.kind != module.name:
            raise ValueError(f"channels/{module.name}.py declares the kind {spec.kind!r}")
        found[spec.kind] = spec
    return dict(sorted(found.items(), key=lambda item: item[1].label.lower()))


# By label
CHANNELS: dict[str, ChannelSpec] = _load()

"""Plans of an import over a small set-up, and what comes of them."""

from __future__ import annotations

from typing import Any

from facio_site.strictjson import write_json
from providers.kinds import KINDS
from routing.config.edits import Current, applied
from routing.config.entries import RouteState
from routing.config.export import Exported, Mode, build_config
from routing.config.importing.importer import Plan, plan_import
from routing.config.pasted import Pasted, read_pasted
from tests.routing.config.samples import provider


def pasted(document: dict[str, Any] | str) -> Pasted:
    text = document if isinstance(document, str) else write_json(document)
    return read_pasted(text.encode(), specs=KINDS)


def plan(document: dict[str, Any] | str, current: Current | None = None, **more: Any) -> Plan:
    return plan_import(pasted(document), current or Current(), specs=KINDS, **more)


def after(done: Plan, current: Current) -> Exported:
    state = applied(current, done.providers, done.routes, done.document, specs=KINDS)
    return build_config(state.document, state.providers, state.routes, Mode.KEYS, specs=KINDS)


def changes(done: Plan) -> dict[str, tuple[str, str]]:
    return {change.path: (change.before, change.after) for change in done.changes}


NOW = Current(
    providers=(
        provider("openai", "sk-old", extra_headers={"X-A": "1", "X-B": "2"}),
        provider("groq", "gsk_old"),
        provider("vllm", "v-old", api_base="http://gpu:8000/v1"),
        provider("bedrock", secrets={"access_key_id": "AKIA1", "secret_access_key": "s1"}),
    ),
    routes=(
        RouteState(slot="main", model="gpt-5"),
        RouteState(slot="image", model="dall-e-3", provider="openai"),
    ),
    document={"channels": {"telegram": {"token": "t-old", "allowFrom": ["1"]}}},
)

"""Adapter: one configured provider, turned into requests and findings. Pure; no Django, no I/O.

It speaks the OpenAI-compatible dialect; kinds/<kind>.py overrides what differs. Calls go out
through the `send` function it is given, and only to the origins that its fields derive.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import quote, urlencode

from providers.dialects import redirects, sight, turn
from providers.dialects.compatible import bounded, lacks_responses, unknown_to_responses
from providers.dialects.effort import with_effort
from providers.dialects.fill import filled, filled_value, stripped
from providers.dialects.front import UNPROVEN
from providers.dialects.judge import is_absent, judge
from providers.dialects.money import read_money
from providers.dialects.paths import unwrapped
from providers.dialects.rows import count_in, expectation, ids_of, is_as_declared, rows_of
from providers.dialects.rungs import Finding
from providers.http import BadURL, Reply, Request, Send, origin_of, parse_base
from providers.spec.kind import Call, CallName, ListCall, ProviderSpec
from providers.spec.masks import variable_in
from providers.spec.outcomes import KeyState, Outcome, Verdict, key_state_of
from providers.spec.secret import Secret
from providers.spec.signs import trimmed

_NO_LIST = (404, 405, 501)


class StrayRequest(RuntimeError):
    """A call would have left the origins of its provider. Its text holds no URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What a person entered for one provider, in plain. Lives only while calls are made."""

    api_base: str = ""  # as typed; "" = the default
    values: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)  # api_key, access_key_id, ...
    extra_headers: Mapping[str, Secret] = field(default_factory=dict)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    deployments: tuple[str, ...] = ()
    asked: turn.Asked = turn.USUAL  # of each call, by config.json


class Adapter:
    """The OpenAI-compatible dialect, and the frame for the others."""

    def __init__(self, spec: ProviderSpec, entered: Entered) -> None:
        self.spec = spec
        self.entered = entered

    # Addresses ------------------------------------------------------------------------------

    def normalise_base(self, text: str) -> str:
        """An API base in its one form, without trailing slash. Raises BadURL."""
        return parse_base(trimmed(text)).url

    def is_as_called(self, text: str) -> bool:
        """Whether the agent calls the same address where its config.json says this one: it sends
        blanks at the ends along. Raises BadURL."""
        return trimmed(text) == text

    def base(self) -> str:
        """The base that calls use: the one entered, else the default; "" = none. Raises BadURL."""
        text = self.entered.api_base.strip() or self.spec.api_base
        return self.normalise_base(text) if text else ""

    @property
    def is_default_base(self) -> bool:
        """Whether calls go where they would with nothing entered. Raises BadURL."""
        default = self.spec.api_base
        return not self.entered.api_base.strip() or (
            bool(default) and self.base() == self.normalise_base(default)
        )

    def places(self) -> dict[str, str]:
        """Placeholders of URLs, apart from the model. Raises BadURL."""
        base = self.base()
        origin = origin_of(base) if base else ""
        return {"base": base, "root": base.removesuffix("/v1"), "origin": origin}

    def origins(self) -> tuple[str, ...]:
        """The closed set of origins that calls may go to; () while there is no usable address."""
        try:
            base = self.base()
            return (origin_of(base),) if base and not self.spec.is_oauth else ()
        except BadURL:
            return ()

    def at(self, base: str) -> Self:
        """The same with another API base."""
        return type(self)(self.spec, replace(self.entered, api_base=base))

    def doubts_base(self) -> bool:
        """Whether the base looks like none that the agent can use. A hook for the kinds."""
        return False

    def barred(self) -> Verdict | None:
        """Why the agent's own client would make no call; None = it would. A hook for the kinds."""
        return None

    def base_list(self) -> ListCall | None:
        """The list that stands where the agent calls: the one that shows whether a base is right.
        None = there is none."""
        calls = (self.spec.list_call, *self.spec.list_alternatives)
        found = [call for call in calls if call is not None]
        usual = [call for call in found if call.url == "{base}/models"]
        return next(iter(usual or found), None)

    def deployment_in(self, text: str) -> str:
        """The deployment that a pasted address names; "" = none."""
        return ""

    # What was entered -------------------------------------------------------------------------

    @property
    def key(self) -> Secret | None:
        return self.entered.secrets.get("api_key") or None

    def secrets(self) -> tuple[Secret, ...]:
        return (*self.entered.secrets.values(), *self.entered.extra_headers.values())

    def missing(self) -> list[str]:
        """Names of required fields that are empty."""
        names = []
        if self.spec.api_base_required and not self.entered.api_base.strip():
            names.append("api_base")
        for extra in self.spec.extra_fields:
            value = self.entered.deployments if extra.is_list else self.entered.values
            if extra.required and not (value if extra.is_list else self._has(extra.name)):
                names.append(extra.name)
        if self.spec.key_required and not self.key:
            names.append("api_key")
        return names

    def _has(self, name: str) -> bool:
        return bool(self.entered.values.get(name) or self.entered.secrets.get(name))

    def references(self) -> list[str]:
        """Names of fields that hold ${NAME}: only the agent can resolve them."""
        secrets = {**self.entered.secrets, **self.entered.extra_headers}
        names = [name for name, secret in secrets.items() if "${" in secret.reveal()]
        return [*names, "api_base"] if variable_in(self.entered.api_base) else names

    def sent_name(self, model: str) -> str:
        """The model name as the agent sends it to this provider."""
        return stripped(model, self.spec.strip_prefixes)

    # Requests ---------------------------------------------------------------------------------

    def request(self, call: Call, model: str = "", *, keyless: bool = False) -> Request:
        """One request. Raises BadURL for an unusable base, StrayRequest for a faulty declaration.

        `keyless` leaves out the key and nothing else: the control that shows what it changes.
        """
        sent = self.sent_name(model)
        places = {**self.places(), "model": sent, "model_path": quote(sent, safe="")}
        url = filled(call.url, places)
        if call.query:
            url += "?" + urlencode(call.query)
        if origin_of(url) not in self.origins():
            raise StrayRequest(f"a call of {self.spec.kind} leaves its origins")
        headers = self.headers(call, keyless=keyless)
        request = Request(
            url=url, method=call.method, headers=headers, json=self.body(call, places)
        )
        return request if keyless else self.signed(request)

    def headers(self, call: Call, *, keyless: bool) -> dict[str, str | Secret]:
        """The key's header and its companions; an extra header of the same name wins, as it does
        in the agent."""
        auth = call.auth or self.spec.auth
        extra = self.entered.extra_headers
        own: dict[str, str | Secret] = dict(auth.headers)
        if self.key and not keyless:
            own[auth.header] = Secret(auth.format.replace("{key}", self.key.reveal()))
        taken = {name.lower() for name in extra}
        kept = {name: value for name, value in own.items() if name.lower() not in taken}
        return {**kept, **extra}

    def body(self, call: Call, places: Mapping[str, str]) -> Any:
        """The JSON to send, or None. The extra body goes along with completions only."""
        if call.body is None:
            return None
        own = {name: filled_value(value, places) for name, value in call.body.items()}
        if not call.is_completion:
            return own
        return turn.with_extra(self.as_asked(own, places["model"]), self.extra_body())

    def as_asked(self, body: Mapping[str, Any], model: str) -> dict[str, Any]:
        """A completion's body with what the agent sends to this model alone."""
        own = turn.tempered(body, self.temperature(model))
        own = with_effort(own, self.entered.asked.effort, model, self.spec)
        sees = self.is_for_pictures(model) and not self.loses_pictures(model)
        return sight.with_picture(own) if sees else own

    def is_for_pictures(self, model: str) -> bool:
        """Whether the agent has its pictures seen by a model, by its name or as that is sent."""
        return self.sent_name(model) in map(self.sent_name, self.entered.asked.pictures)

    def loses_pictures(self, model: str) -> bool:
        """Whether the agent leaves them out for this model all the same. A hook for the kinds."""
        return False

    def temperature(self, model: str) -> float | None:
        """What the agent sends to this model; None = none. A hook for the kinds."""
        asked = self.entered.asked
        return None if asked.reasons or turn.has_own_temperature(model) else asked.temperature

    def extra_body(self) -> dict[str, Any]:
        if "extra_body" in self.spec.unsent:
            return {}
        return turn.sendable(self.entered.extra_body)

    def signed(self, request: Request) -> Request:
        """A hook for kinds that sign the finished request."""
        return request

    # Questions --------------------------------------------------------------------------------

    def ask(
        self, send: Send, call: Call, name: CallName, model: str = "", *, keyless: bool = False
    ) -> tuple[Reply, Verdict]:
        """Make one call and judge its answer. Raises Failed where no answer came."""
        request = self.request(call, model, keyless=keyless)
        reply = redirects.answered(send, request)
        verdict = judge(
            reply,
            name,
            is_expected=expectation(call),
            rules=self.spec.error_rules,
            secrets=self.secrets(),
        )
        placed = self.placed(verdict, request, reply)
        verdict = turn.as_sent(placed, request.json, self.entered.asked)
        if (verdict.outcome, verdict.detail) == (Outcome.BAD_REQUEST, ""):
            place = call.url.rpartition("}")[2]
            verdict = replace(verdict, params={**verdict.params, "call": place})
        is_front = verdict.detail == "front" and not self.spec.static_models
        is_optional = isinstance(call, ListCall) and call.is_optional and not is_front
        if is_optional and reply.status in _NO_LIST:
            verdict = replace(verdict, outcome=Outcome.BAD_ENDPOINT, detail="no_list")
        return reply, verdict

    def placed(self, verdict: Verdict, request: Request, reply: Reply) -> Verdict:
        """What a verdict says of places: where a redirect leads, the base in https, the header in
        which a key is looked for."""
        if verdict.detail == "redirect":
            location = reply.headers.get("location", "")
            detail, more = redirects.told(request.url, location, self.base(), self.secrets())
            return replace(verdict, detail=detail, params={**verdict.params, **more})
        if verdict.detail == "wants_https":
            plain = self.base().startswith("http://")
            more = {"base": "https" + self.base().removeprefix("http")} if plain else {}
            return replace(verdict, params={**verdict.params, **more})
        is_vendors = self.is_default_base or self.base() in self.spec.regional_bases
        if verdict.detail == "key_unseen" and is_vendors and not self.spec.is_local:
            return replace(verdict, detail="")  # the header is right there, so the key is not
        sent = {header.lower() for header in request.headers}
        is_there = str(verdict.params.get("header", "")).lower() in sent
        if verdict.detail == "key_elsewhere" and is_there:
            return replace(verdict, detail="")  # it was sent there: then it is wrong
        return verdict

    def check_key(self, send: Send) -> Finding:
        """Ask what proves the key. Raises Failed where no answer came."""
        call = self.spec.key_call or self.spec.list_call
        if call is None:
            raise ValueError(f"{self.spec.kind} has no call that proves a key")
        reply, verdict = self.ask(send, call, "key")
        listing = self.spec.list_call
        is_gone = verdict.outcome is Outcome.BAD_ENDPOINT and reply.status in _NO_LIST
        if is_gone and not isinstance(call, ListCall) and listing and not listing.is_public:
            call = listing  # a base without the provider's extras, such as a proxy
            reply, verdict = self.ask(send, call, "key")
        listed = self.listed(reply, call, verdict)
        money = None
        if verdict.outcome is Outcome.OK:
            if call is self.spec.key_call:
                money = read_money(unwrapped(reply), self.spec.money, self.currency())
            verdict = self.read_key_answer(unwrapped(reply), call, verdict)
        is_odd = self.is_odd(reply, call, listed)
        is_whole = bool(listed) and call is listing  # a key call may ask for a part of it
        count = count_in(unwrapped(reply), call) if is_whole else 0
        return Finding(verdict, self.key_state(verdict), reply.ms, listed, money, count, is_odd)

    def listed(self, reply: Reply, call: Call, verdict: Verdict) -> frozenset[str]:
        """The ids of a list that came in good order."""
        if verdict.outcome is not Outcome.OK or not isinstance(call, ListCall):
            return frozenset()
        rows = rows_of(unwrapped(reply), call.columns.items) or []
        return frozenset(ids_of(rows, call.columns)) - {""}

    def is_odd(self, reply: Reply, call: Call, listed: frozenset[str]) -> bool:
        """Whether these ids stand elsewhere than this API has them."""
        if not listed or not isinstance(call, ListCall):
            return False
        return not is_as_declared(unwrapped(reply), call.columns.items)

    def read_key_answer(self, data: Any, call: Call, verdict: Verdict) -> Verdict:
        """What a good answer to the key call says beyond "yes". A hook for the kinds."""
        if call.is_public:
            return replace(verdict, outcome=Outcome.REACHABLE_UNVERIFIED, detail="public_list")
        if isinstance(call, ListCall) and not rows_of(data, call.columns.items):
            return replace(verdict, outcome=Outcome.REACHABLE_UNVERIFIED, detail="empty_list")
        return verdict

    def currency(self) -> str:
        """The currency of amounts that come without one. A hook for the kinds."""
        return "USD"

    def key_state(self, verdict: Verdict) -> KeyState:
        """What a verdict on an authenticated call says about the key."""
        if verdict.detail in UNPROVEN:
            return KeyState.UNKNOWN
        return key_state_of(verdict.outcome, verdict.detail)

    def model_call(self, model: str) -> Call:
        """The smallest call that needs this model."""
        if self.spec.model_call is None:
            raise ValueError(f"{self.spec.kind} has no call that tries a model")
        return bounded(self.spec.model_call, self.sent_name(model))

    def check_model(self, send: Send, model: str) -> Finding:
        """Make the smallest call with one model or deployment. Raises Failed without an answer."""
        call = self.model_call(model)
        if unsent := unknown_to_responses(call, self.extra_body()):
            verdict = Verdict(Outcome.BAD_REQUEST, "unsent_body", {"fields": unsent})
            return Finding(verdict, KeyState.UNKNOWN)
        finding = self._check_model(send, call, model)
        is_there = not is_absent(finding.verdict) and finding.verdict.outcome is not Outcome.BAD_KEY
        if call.instead is None or is_there:
            return finding
        other = self._check_model(send, call.instead, model)
        if other.verdict.outcome is Outcome.OK:
            verdict = replace(other.verdict, detail="other_api")
            return replace(other, verdict=verdict, ms=finding.ms + other.ms)
        return other

    def _check_model(self, send: Send, call: Call, model: str) -> Finding:
        reply, verdict = self.ask(send, call, "model", model)
        ms = reply.ms
        if (verdict.outcome, verdict.detail) == (Outcome.BAD_REQUEST, "") and call.retry_body:
            call = replace(call, body=call.retry_body)
            reply, verdict = self.ask(send, call, "model", model)
            ms += reply.ms
        asks_on = lacks_responses(reply)  # else the agent stops here, and chat may only tell why
        if call.fallback and (asks_on or (reply.status == 404 and is_absent(verdict))):
            finding = self._check_model(send, call.fallback, model)
            ms += finding.ms
            is_fine = finding.verdict.outcome is Outcome.OK
            if asks_on or not (is_fine or is_absent(finding.verdict)):
                return replace(finding, ms=ms)
        if (verdict.outcome, verdict.detail) == (Outcome.BAD_REQUEST, ""):
            bare, plain = self.ask(send, turn.without_tools(call), "model", model)
            ms += bare.ms
            if plain.outcome is Outcome.OK:
                verdict = replace(verdict, detail="no_tools")
        if verdict.outcome is Outcome.OK and call.is_stream and reply.status < 400:
            verdict = replace(verdict, detail="" if reply.is_stream else "not_streamed")
            if not reply.is_ended:
                verdict = replace(verdict, detail="unfinished")
        asked = self.entered.asked.max_tokens
        limit = turn.few_tokens(reply, asked)
        if limit and (verdict.outcome, verdict.detail) == (Outcome.OK, ""):
            verdict = replace(verdict, detail="few_tokens", params={"limit": limit, "asked": asked})
        return Finding(verdict, self.key_state(verdict), ms)

    # Catalog ----------------------------------------------------------------------------------

    def list_rows(self, read: "ReadList") -> tuple[list[Any], ListCall]:
        """All rows and the call they came from. `read` fetches every page of one list, and raises
        Failed. Where the first list is not there, the alternatives are tried."""
        if self.spec.list_call is None:
            raise ValueError(f"{self.spec.kind} has no live list")
        calls = (self.spec.list_call, *self.spec.list_alternatives)
        for number, call in enumerate(calls, start=1):
            rows = read(call, may_lack=number < len(calls))
            if rows is not None:
                return self.tidy(rows, call), call
        raise AssertionError("the last list raises where it is not there")

    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        """Rows in a form that the call's columns can read. A hook for the kinds."""
        return rows

    def models_dev(self) -> str:
        """Key of this provider in the models.dev snapshot; "" = none."""
        return self.spec.models_dev

    def twin_ids(self, model_id: str) -> tuple[str, ...]:
        """Ids under which another catalog may know a model, most exact first."""
        return (model_id,)


ReadList = Callable[..., list[Any] | None]

"""The records that declare a provider. Frozen data; nothing here runs for one kind only.

Placeholders in URLs and bodies: {base} API base without trailing slash, {root} base without a
trailing /v1, {origin} scheme://host[:port] of the base, {model} (as sent), {model_path}
(URL-quoted), and what the adapter of a kind adds to them ({native}, {control}, {runtime}).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from facio_site.marked import marked as _
from providers.spec.outcomes import Outcome

Group = Literal["hosted", "gateway", "local", "oauth"]
CallName = Literal["list", "key", "model"]
Means = Literal["balance", "limit", "used"]  # what is left, what is left of a limit, what was spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How the key travels: one header. `format` holds {key}; `headers` go along with it."""

    header: str = "Authorization"
    format: str = "Bearer {key}"
    headers: Mapping[str, str] = field(default_factory=dict)


BEARER = Auth()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of a provider's API, with placeholders."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    auth: Auth | None = None  # None = the provider's own
    expects: str = ""  # dotted path that a real answer has; "" = any JSON
    is_public: bool = False  # answers without a key too, so its success proves nothing
    is_completion: bool = False  # generates text: the extra body goes along, and it may cost
    is_stream: bool = False  # asks for its answer in events, as the agent does
    retry_body: Mapping[str, Any] | None = None  # sent once when `body` was a bad request
    instead: Call | None = None  # what a server without this call may have; not the agent's own
    fallback: Call | None = None  # what the agent asks next of a server without this call


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """How a list goes on.

    style: none (what an answer itself says of further pages is followed); cursor (send
    `param`=value at `next_path` while `more_path` is true); token (send `param`=value at
    `next_path` until absent); page (number in `param` from 1 until `total_path` is reached); link
    (`next_path` holds a path or URL on the same origin).
    """

    style: Literal["none", "cursor", "token", "page", "link"] = "none"
    param: str = ""
    next_path: str = ""
    more_path: str = ""
    total_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Dotted paths from a row of a model list to our facts; "" = the list does not say.

    A tuple means: the first path that is present. Where nothing stands at `items` or `model_id`,
    dialects/rows.py looks where servers usually have them. A boolean at `vision` says whether
    "image" is among the inputs. Prices are USD per `price_per` tokens.
    """

    items: str | tuple[str, ...] = "data"  # "" = the top-level array
    model_id: str | tuple[str, ...] = "id"
    strip: str = ""  # prefix cut from the id ("models/")
    name: str = ""
    context_window: str | tuple[str, ...] = ""
    max_output: str = ""
    inputs: str = ""
    outputs: str = ""
    vision: str = ""
    tools: str = ""
    reasoning: str = ""
    price_input: str = ""
    price_output: str = ""
    price_per: int = 1_000_000
    retires_at: str = ""
    replacement: str = ""  # the id that takes its place
    aliases: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCall(Call):
    """A call that lists models."""

    pages: Pages = Pages()
    columns: Columns = Columns()
    hide: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # path -> values left out
    is_optional: bool = False  # servers without this list are in order: a model call can decide
    note: str = ""  # closed word about what it holds, for the page ("base_models")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRule:
    """One row of a provider's error table; the first that matches decides.

    Matches when `status` is empty or holds the HTTP status, and `pattern` (a regular expression)
    is empty or found in the string at `path` (alternatives by |, [] = any element) or in the
    response header `header`. `on` narrows it to some calls. Source: the spec's docs_url.
    """

    outcome: Outcome
    status: tuple[int, ...] = ()
    path: str = ""
    header: str = ""
    pattern: str = ""
    on: tuple[CallName, ...] = ()
    detail: str = ""  # picks a more exact sentence in wording.py


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyFact:
    """Where the answer to the key call tells an amount of money.

    `low`: the currencies that it may be in, each with the amount below which it is little (None =
    no amount is). Without `currency` it is in the one that the adapter names.
    """

    means: Means
    amount: str  # dotted path, from a row
    rows: str = ""  # path of a list with a row for each currency; "" = the answer is the row
    currency: str = ""  # path, from a row
    low: Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class IdFact:
    """What the id of a model tells where neither its list nor a catalog does; the first matching
    `pattern` (searched, case ignored) decides. None = it does not say."""

    pattern: str
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None
    is_system: bool = False  # billed by the models behind it: a price of nothing is none


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One extra input of a kind's form, beside API key, API base, extra headers and extra body."""

    name: str
    label: str
    help: str = ""
    required: bool = False
    is_secret: bool = False
    is_list: bool = False  # one value a line
    placeholder: str = ""
    pattern: str = ""  # regular expression that the whole value must match
    config_key: str = ""  # its name in config.json; "" = not exported
    env_names: tuple[str, ...] = ()  # accepted on import; a secret is exported under the first
    options: tuple[str, ...] = ()  # offered as suggestions; any other can be typed
    # the way to sign in that it belongs to, where there are several beside the API key; "" = none
    way: str = ""

    @property
    def json_name(self) -> str:
        """Its name in the JSON of commands."""
        first, *rest = self.name.split("_")
        return self.config_key or first + "".join(word.title() for word in rest)

    def fits(self, text: str) -> bool:
        return not self.pattern or re.fullmatch(self.pattern, text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """All that is known about one kind of provider."""

    kind: str  # how it is spoken to; the file name
    label: str
    group: Group
    docs_url: str  # where these facts were read
    note: str  # what an operator should know, shown on its page
    # A class over dialects.adapters.Adapter; None = that one, which is the OpenAI-compatible way
    adapter: type[Any] | None = None
    # What is entered
    env_key: str = ""  # name of the key in environments and in ${...} exports
    env_aliases: tuple[str, ...] = ()  # accepted on import as well
    env_also: tuple[str, ...] = ()  # written beside env_key in an .env file, with the same value
    api_base: str = ""  # default; "" = none
    api_base_required: bool = False
    api_base_label: str = _("API base")
    api_base_example: str = ""  # placeholder where there is no default
    regional_bases: tuple[str, ...] = ()  # offered as suggestions
    # Regular expression for hosts that are its own beside those of its bases; a named group holds
    # the value of the config key of that name, without one the origin is the base.
    own_hosts: str = ""
    key_required: bool = True
    extra_fields: tuple[FieldSpec, ...] = ()
    has_extra_headers: bool = True
    has_extra_body: bool = True
    # Of these two, what the agent's ancestor does not send along here. Source: nanobot-ai 0.3.5,
    # providers/factory.py
    unsent: tuple[str, ...] = ()
    # The key
    auth: Auth = BEARER
    key_prefixes: tuple[str, ...] = ()  # what its keys begin with
    key_warnings: Mapping[str, str] = field(default_factory=dict)  # prefix -> sentence
    console_url: str = ""  # where to get a key
    # The calls
    list_call: ListCall | None = None
    list_alternatives: tuple[ListCall, ...] = ()  # tried in order when there is no list_call there
    static_models: tuple[str, ...] = ()
    key_call: Call | None = None  # None = the list call proves the key
    money: tuple[MoneyFact, ...] = ()  # in the answer to key_call; the first that is told counts
    model_call: Call | None = None
    # How the agent's ancestor asks for an effort of reasoning: what it says beside that of thinking
    # (a style of dialects/effort.py), the words that it puts for others ("none" = none), and parts
    # of the names of models that it asks for none. Source: nanobot-ai 0.3.5, providers/registry.py
    thinking: Literal["", "type", "enable", "split"] = ""
    efforts: Mapping[str, str] = field(default_factory=dict)
    reasons_unasked: tuple[str, ...] = ()
    error_rules: tuple[ErrorRule, ...] = ()
    dns_hint: str = ""  # detail for "this name does not exist": its usual cause here
    own_name: str = ""  # of an endpoint of one's own; "" = its kind is built in
    own_base: str = ""  # where an endpoint without a default address stands here; "" = not known
    # Beside the calls
    sign_in: str = ""  # command that signs in, for the kinds without a key
    id_facts: tuple[IdFact, ...] = ()
    models_dev: str = ""  # its key in the models.dev snapshot; "" = none
    # What is cut from a model name before it is sent: "x/" exactly that text; "x" the first
    # segment if it is a spelling of that name; "*" all before the last slash.
    strip_prefixes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its key under "providers" in config.json."""
        return self.own_name or self.kind

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways to sign in, where there is a choice; () = there is none."""
        others = dict.fromkeys(item.way for item in self.extra_fields if item.way)
        return ("api_key", *others) if others else ()

    @property
    def is_local(self) -> bool:
        return self.group == "local"

    @property
    def has_deployments(self) -> bool:
        """A route names one of these, and none of the models that the list holds."""
        return any(field.name == "deployments" for field in self.extra_fields)

    @property
    def is_oauth(self) -> bool:
        return self.group == "oauth"


Specs = Mapping[str, ProviderSpec]  # by name

"""All endings that the code can produce, found by reading it; with the parameters that come along.

Sources: calls and returns that name an Outcome, the declarations of all kinds, and DETAILS.
"""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from providers.dialects import ladder
from providers.http import network, policy, resolver, tls
from providers.kinds import KINDS
from providers.spec.outcomes import Outcome
from providers.wording import LOCAL, SENTENCES
from tests.providers.details import DETAILS

ROOT = Path(ladder.__file__).parents[1]

# What a parameter may hold. Names that wording.py derives are not among them.
SAMPLES: dict[str, Any] = {
    "host": "models.example.com",
    "port": 8443,
    "token": "models.example.com:8443",
    "header": "X-Gateway-Token",
    "problem": "non_ascii",
    "at": 7,
    "sign": "U+2013 en dash",
    "code": "user_info",
    "calls": [],
    "fields": ["api_base", "api_key"],
    "retry_after_s": 20,
    "model": "meta-llama/llama-4-maverick-17b-128e-instruct",
    "base": "https://models.example.com/v1",
    "target": "https://models.example.com/inference/v1/models",
    "scheme": "Negotiate",
    "call": "/openai/v1/chat/completions",
    "reference": "1f00ba4e",
    "count": 412,
    "dropped": 3,
    "stored": 33,
    "unnamed": 2,
    "temperature": 0.1,
    "limit": 6000,
    "asked": 8192,
    "via": "proxy.example.org:3128",
}
DERIVED = {
    "place": {"host"},
    "localhost": {"host"},
    "wait": {"retry_after_s"},
    "names": {"fields"},
    "reason": {"code", "problem"},
}
WAITING = (Outcome.RATE_LIMITED, Outcome.NO_CREDIT, Outcome.SERVER_ERROR)

# Details that are computed where they are raised: the expression, and what it can come to.
COMPUTED: dict[tuple[str, Outcome | None, str], set[str]] = {
    ("http/bodies.py", Outcome.UNEXPECTED_RESPONSE, "word"): {"too_large", "bomb"},
    ("http/door.py", Outcome.UNEXPECTED_RESPONSE, "word"): {"incomplete", "bad_http"},
    ("http/network.py", Outcome.UNREACHABLE, "word"): set(network._TELLING) - {"timeout"},
    ("http/network.py", Outcome.TLS_ERROR, "word_of(error)"): {
        *tls._WORDS.values(),
        *("certificate", "not_tls", "handshake"),
    },
    ("http/policy.py", Outcome.BLOCKED_ADDRESS, "reason"): set(policy._GRAVITY),
    ("http/resolver.py", Outcome.DNS_ERROR, "_word_of(found)"): {
        *resolver._WORDS.values(),
        *("failed", "bad_name"),
    },
    ("dialects/ladder.py", Outcome.REFERENCE, "detail"): {"", "aws_profile"},
    ("dialects/ladder.py", Outcome.OK, "detail"): {*ladder._IN_SPITE.values(), "list_unread"},
    ("dialects/ladder.py", None, "detail"): {"no_pictures", "pictures_left_out"},
    ("dialects/ladder.py", None, "said.detail"): {
        *(
            "",
            "list_unread",
            "not_streamed",
            "unfinished",
            "other_api",
            "messages_only",
            *("few_tokens", "small_window", "no_pictures", "pictures_left_out"),
            *ladder._IN_SPITE.values(),
        ),
    },
    ("dialects/spoken.py", Outcome.FORBIDDEN, "told"): {
        *("needs_billing", "region_blocked", "on_hold", "no_subscription", "terms"),
    },
    ("work/queue.py", Outcome.NO_WORKER, "detail"): {"", "no_broker"},
    ("dialects/adapters.py", None, "detail"): {
        *("redirect", "redirect_slash", "redirect_path", "redirect_https", "redirect_http"),
        *("redirect_host", "redirect_sign_in"),
    },
    ("dialects/bases.py", Outcome.BAD_ENDPOINT, "detail"): {"suggest_base", "call_pasted"},
    ("dialects/judge.py", Outcome.UNEXPECTED_RESPONSE, "page"): {"html", "not_json", "broken_json"},
    ("dialects/local.py", Outcome.REACHABLE_UNVERIFIED, "detail"): {
        *("key_not_checked", "control_failed"),
    },
    ("kinds/ovms.py", Outcome.REACHABLE_UNVERIFIED, "detail"): {
        *("key_not_checked", "control_failed"),
    },
}


class Found:
    """One place in the code that says how something ended."""

    def __init__(self, file: str, outcome: Outcome | None, detail: ast.expr | None) -> None:
        self.file = file
        self.outcome = outcome  # None = that of another verdict stays
        self.names: set[str] = set()  # of the parameters given along
        self.computed = ""
        words: list[str | None] = [""] if detail is None else [*_words(detail)]
        self.details = {word for word in words if word is not None}
        if detail and None in words:
            self.computed = ast.unparse(detail)
            self.details = COMPUTED.get((file, outcome, self.computed), set())

    @property
    def pairs(self) -> Iterator[tuple[Outcome, str]]:
        for detail in self.details:
            outcomes = [self.outcome] if self.outcome else outcomes_of(detail)
            yield from ((outcome, detail) for outcome in outcomes)


def outcomes_of(detail: str) -> list[Outcome]:
    return [outcome for outcome, details in DETAILS.items() if detail in details]


def _words(node: ast.expr) -> Iterator[str | None]:
    """The texts that an expression can come to; None = it takes more than reading to know."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _words(node.body)
        yield from _words(node.orelse)
    else:
        yield None


def _outcome(node: ast.expr | None) -> Outcome | None:
    is_named = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Outcome"
    return Outcome[node.attr] if is_named and isinstance(node, ast.Attribute) else None


def _in_call(file: str, node: ast.Call) -> Iterator[Found]:
    name = ast.unparse(node.func).rpartition(".")[2].lstrip("_")
    given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    positions = [index for index, value in enumerate(node.args) if _outcome(value)]
    rest: list[ast.expr] = []
    if positions and name in ("Failed", "Verdict", "tell", "observe", "end", "give_up"):
        gap = 2 if name in ("tell", "observe") else 1  # those have a time in between
        outcome, rest = _outcome(node.args[positions[0]]), node.args[positions[0] + gap :]
    elif name in ("replace", "finish", "Verdict", "Rung") and {"outcome", "detail"} & set(given):
        outcome = _outcome(given.get("outcome"))
        if "outcome" in given and outcome is None:
            return  # passed on from another verdict, or none of ours
        if name == "replace" and "detail" not in given:
            return  # the other's detail stays
    else:
        return
    found = Found(file, outcome, rest[0] if rest else given.get("detail"))
    params = [*rest[1:], *([given["params"]] if "params" in given else [])]
    for mapping in (value for value in params if isinstance(value, ast.Dict)):
        found.names |= {str(key.value) for key in mapping.keys if isinstance(key, ast.Constant)}
    found.names |= set(given) - {"outcome", "detail", "params"} if name == "Failed" else set()
    yield found


def _in_file(path: Path) -> Iterator[Found]:
    file = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield from _in_call(file, node)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            pair = node.value.elts
            if len(pair) == 2 and _outcome(pair[0]):
                yield Found(file, _outcome(pair[0]), pair[1])


@lru_cache(maxsize=1)
def places() -> list[Found]:
    """All of the package. Declarations are read as data, below."""
    files = [path for path in ROOT.rglob("*.py") if "sentences" not in path.parts]
    return [found for path in files for found in _in_file(path)]


@lru_cache(maxsize=1)
def endings() -> dict[tuple[Outcome, str], set[str]]:
    """Every (outcome, detail) with the names of the parameters that may come along."""
    found: dict[tuple[Outcome, str], set[str]] = {(outcome, ""): set() for outcome in Outcome}
    for outcome, details in DETAILS.items():
        found |= {(outcome, detail): set() for detail in details}
    for spec in KINDS.values():
        found |= {(rule.outcome, rule.detail): set() for rule in spec.error_rules}
        if spec.dns_hint:
            pair = (Outcome.DNS_ERROR, spec.dns_hint)
            found.setdefault(pair, set()).update(("host", "port"))
    for place in places():
        for pair in place.pairs:
            names = {"host", "port"} if place.file.startswith("http/") else set()
            found.setdefault(pair, set()).update(names | place.names)
    for (outcome, _), names in found.items():
        names |= {"model"} if outcome is not Outcome.MISSING_CONFIG else set()
        names |= {"retry_after_s"} if outcome in WAITING else set()
    found[Outcome.OK, "held"] |= {"count", "stored"}
    for detail in ("", "goes_on", "no_models"):  # of a fetch
        found[Outcome.OK, detail] |= {"count", "dropped", "unnamed"}
    found[Outcome.INTERNAL_ERROR, ""] |= {"reference"}
    for outcome, detail in found:
        if detail.startswith("redirect_"):
            found[outcome, detail] |= {"target"}
    for detail in (
        *("suggest_base", "call_pasted", "wants_https", "redirect_path", "redirect_https"),
        *("plain_key", "regional_host"),
    ):
        found[Outcome.BAD_ENDPOINT, detail] |= {"base"}
    found[Outcome.FORBIDDEN, "sign_in"] |= {"scheme"}
    found[Outcome.BAD_REQUEST, "plain_form"] |= {"call"}
    found[Outcome.BAD_REQUEST, "temperature"] |= {"temperature"}
    found[Outcome.BAD_KEY, "key_elsewhere"] |= {"header"}
    found[Outcome.BAD_REQUEST, "header_wanted"] |= {"header"}
    return found


def texts() -> Iterator[tuple[str, str, str, str]]:
    """(table, outcome, detail, text) for each sentence there is."""
    for table, sentences in (("general", SENTENCES), ("local", LOCAL)):
        for outcome, by_detail in sentences.items():
            for detail, value in by_detail.items():
                for text in value if isinstance(value, tuple) else (value,):
                    yield table, str(outcome), detail, str(text)


def notes() -> set[str]:
    """Closed words given as `note` to calls, and as `notes` to catalogs."""
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg in ("note", "notes"):
                value = node.value
                values = value.elts if isinstance(value, ast.Tuple) else [value]
                found |= {str(one.value) for one in values if isinstance(one, ast.Constant)}
    return {note for note in found if re.fullmatch(r"\w+", note)}

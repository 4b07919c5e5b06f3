"""S91: from a pasted text a key goes to the address that stands with it, or nowhere."""

from __future__ import annotations

import random
import shlex
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facio_site.strictjson import BadDocument
from providers.http import origin_of
from providers.kinds import KINDS
from providers.spec.masks import variable_form
from routing.config.entries import normal_base
from routing.config.pasted import Pasted, read_pasted
from routing.config.pasted.calls import _FLAGS, _VALUED

ORIGINS = [
    *("https://api.openai.com/v1", "https://api.deepseek.com", "https://openrouter.ai/api/v1"),
    *("https://relay.example.com/v1", "http://localhost:11434/api", "http://10.0.0.7:8080/v1"),
]
INSIDE = "sk-inside-0123456789"
KEY_NAMES = [f"{spec.kind.upper()}_API_KEY" for spec in KINDS.values() if not spec.is_oauth]


def read(text: str) -> Pasted | None:
    try:
        return read_pasted(text.encode("utf-8", "surrogatepass"), specs=KINDS)
    except BadDocument:
        return None


def bindings(pasted: Pasted) -> Iterator[tuple[str, str]]:
    """Each key with the origin that it would be sent to."""
    for kind, entry in pasted.document.get("providers", {}).items():
        spec = KINDS[kind]
        base = entry.get("apiBase") or entry.get("api_base") or spec.api_base
        for name in ("apiKey", "api_key"):
            if name in entry:
                yield entry[name], origin_of(normal_base(spec, base)) if base else ""


def words() -> st.SearchStrategy[str]:
    return st.text(st.sampled_from("abc \"'$\\`|;&<>(){}#=%^!~*?\n\t-/:.é"), max_size=20)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, str]:
    """A call of curl with options around it that hold addresses; its address and its key."""
    url = draw(st.sampled_from(ORIGINS)) + draw(st.sampled_from(["", "/models", "/chat"]))
    key = "sk-" + draw(st.text("0123456789abcdef", min_size=16, max_size=16))
    other = st.sampled_from(ORIGINS) | words()
    options = [["-H", f"Authorization: Bearer {key}"]]
    if draw(st.booleans()):
        options.append(["--url", url])
    else:
        options.append([url])
    valued = sorted(_VALUED - {"url", "header", "oauth2-bearer", "url-query", "data", "json"})
    for name in draw(st.lists(st.sampled_from(valued), max_size=4)):
        options.append([f"--{name}", draw(other)])
    for name in draw(st.lists(st.sampled_from(["-x", "-o", "-sSe", "-b", "-A", "-d"]), max_size=3)):
        options.append([name, draw(other)])
    for name in draw(st.lists(st.sampled_from(sorted(_FLAGS - {"next", "get"})), max_size=3)):
        options.append([f"--{name}"])
    order = draw(st.permutations(options))
    line = "curl " + " ".join(shlex.quote(word) for option in order for word in option)
    return line, url, key


@given(calls())
def test_s91_a_key_goes_only_to_the_address_of_its_own_call(drawn: tuple[str, str, str]) -> None:
    line, url, key = drawn
    pasted = read(line)
    assert pasted is not None
    assert list(bindings(pasted)) == [(key, origin_of(url))]


@pytest.mark.battery
@given(st.lists(calls(), min_size=2, max_size=4), st.sampled_from(["\n", "; ", " --next "]))
def test_s91_no_key_of_several_calls_goes_to_another_ones_address(
    drawn: list[tuple[str, str, str]], between: str
) -> None:
    lines = [line for line, _url, _key in drawn]
    if between == " --next ":
        lines[1:] = [line.removeprefix("curl ") for line in lines[1:]]
    pasted = read(between.join(lines))
    assert pasted is not None
    own = {(key, origin_of(url)) for _line, url, key in drawn}
    found = set(bindings(pasted))
    assert found
    assert found <= own


@pytest.mark.battery
@given(
    st.dictionaries(st.sampled_from([f"OPENAI_{tail}" for tail in (
        "BASE_URL", "API_BASE", "ENDPOINT", "HOST", "FRONT_DOOR", "API_URL", "BASEURL"
    )]), st.sampled_from([*ORIGINS, "$RELAY", "%RELAY%", "relay", "https://", ""]), max_size=3),
    st.permutations(range(4)),
)  # fmt: skip
def test_s91_a_key_with_an_address_beside_it_never_goes_to_the_vendors_own(
    places: dict[str, str], order: list[int]
) -> None:
    lines = ["OPENAI_API_KEY=sk-relay", *(f"{name}={text}" for name, text in places.items())]
    if not places.get("OPENAI_FRONT_DOOR", "http").startswith("http"):
        return  # a name that nothing here knows counts by its address alone
    pasted = read("\n".join(lines[at] for at in order if at < len(lines)))
    assert pasted is not None
    said = {origin_of(text) for text in places.values() if text.startswith("http") and text[8:]}
    told = [text for text in places.values() if text]
    for _key, origin in bindings(pasted):
        assert origin in (said if told else {"https://api.openai.com"})


QUOTES: list[tuple[str, str]] = [
    *(('A="', '"'), ("A='", "'"), ("A=`", "`"), ('export A="', '"'), ("export A=$'", "'")),
    *(('$env:A="', '"'), ("$env:A='", "'"), ("curl https://h.example.org/v1 -d '", "'")),
    *(('curl https://h.example.org/v1 -d "', '"'), ("http h.example.org/v1 a='", "'")),
    *(('iwr https://h.example.org/v1 -Body "', '"'), ("echo '", "'"), ('{"a": "', '"}')),
    *(("cat <<EOF", "EOF"), ("a: |", ""), ("/* ", ' */ {"a": 1}')),
]


@given(
    st.sampled_from(QUOTES),
    st.sampled_from(
        [
            *(f"{name}={INSIDE}" for name in KEY_NAMES),
            *(f"export OPENAI_API_KEY={INSIDE}", f"$env:GROQ_API_KEY={INSIDE}"),
            f"curl https://api.openai.com/v1/models -H 'Authorization: Bearer {INSIDE}'",
            f"https://api.openai.com/v1?key={INSIDE}",
            f"GROQ_API_KEY: {INSIDE}",
            INSIDE,
        ]
    ),
    st.lists(st.text("abc =:#-", max_size=8), max_size=3),
)
def test_s91_nothing_is_read_from_inside_another_value(
    around: tuple[str, str], inside: str, before: list[str]
) -> None:
    start, end = around
    if "'" in end or "$'" in start:
        inside = inside.replace("'", "")
    filling = "".join(f"  {line}\n" for line in (*before, inside))
    pasted = read(f"{start}\n{filling}{end}\nMISTRAL_API_KEY=m-1\n")
    if pasted and pasted.source != "config":
        assert INSIDE not in [key for key, _origin in bindings(pasted)]
        assert INSIDE not in str(pasted.secrets)
    elif pasted:
        assert "providers" not in pasted.document


VARIABLES = [
    *("$X", "%X%", "!X!", "{env:X}", "${env:X}", "${X:-d}", "${X-d}", "${X:?d}", "$env:X"),
    *("os.environ/X", "os.environ['X']", 'os.getenv("X")', "process.env.X", "{{X}}", "{{ X }}"),
    *("${{ secrets.X }}", "$(X)", "$(cat /run/x)", "`cat x`", "env:X", "Bearer $X"),
]


@pytest.mark.parametrize("text", VARIABLES)
def test_s91_text_that_stands_for_a_variable_is_no_key_by_any_door(text: str) -> None:
    assert variable_form(text).startswith("${")
    quoted = text.replace("'", "")
    for pasted in map(
        read,
        (
            f"OPENAI_API_KEY={text}",
            f"export OPENAI_API_KEY='{quoted}'",
            f"$env:OPENAI_API_KEY='{quoted}'",
            f"curl https://api.openai.com/v1/models -H 'Authorization: Bearer {quoted}'",
            f'"apiKey": {_json(text)}',
            text,
        ),
    ):
        assert pasted is None or not list(bindings(pasted))


def _json(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


@pytest.mark.parametrize("text", ["sk-01$23#456789", "a%b%c", "sk-{x}y", "os.environment", "${X}"])
def test_s91_a_sign_of_a_variable_inside_a_key_is_a_sign(text: str) -> None:
    assert variable_form(text) == ""


def hostile(start: str) -> list[str]:
    """Texts that a careless pattern would read for minutes."""
    pieces = [
        *(
            "'",
            '"',
            "`",
            "\\",
            "<<A ",
            "a: |\n",
            "a=b ",
            "A=1 ",
            "$'",
            "^",
            "^\n",
            "@{",
            "{,",
            "/*",
        ),
        *(
            "“",
            ",",
            "curl ",
            "\n",
            "sudo ",
            " \\\n",
            "A='x' ",
            "x/",
            "#\n",
            "```\n",
            "[a]\n",
            "-H ",
        ),
    ]
    return [start + piece * (40_000 // len(piece)) for piece in pieces]


STARTS = ["", "curl https://h.example.org ", '{"a": "b" ']
MORE_STARTS = ["A=", "http h ", "iwr h ", "$env:A="]


@pytest.mark.battery
@pytest.mark.parametrize(
    "start", [*STARTS, *(pytest.param(start, marks=pytest.mark.long) for start in MORE_STARTS)]
)
def test_s40_a_hostile_text_is_read_or_refused_in_bounded_time(start: str) -> None:
    slow: dict[str, Any] = {}
    for text in hostile(start):
        start = time.process_time()
        read(text)
        took = time.process_time() - start
        if took > 2:
            slow[text[:40]] = took
    assert slow == {}


@given(st.integers(0, 10_000))
def test_s40_any_mixture_of_lines_is_read_or_refused(seed: int) -> None:
    draw = random.Random(seed)
    parts = [
        *("curl ", "-H ", "'", '"', "\n", " ", "https://api.openai.com", "=", "\\\n", "^", "`"),
        *("OPENAI_API_KEY", "sk-1234", "$env:", "{", "}", ":", ",", "//", "<<E", "|", "@{", "```"),
    ]
    text = "".join(draw.choice(parts) for _ in range(draw.randrange(40)))
    pasted = read(text)
    assert pasted is None or pasted.source in ("config", "env", "curl", "shell", "key")

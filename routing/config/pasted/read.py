"""What a person hands in, as a config.json document: a file, a .env, calls, or a bare key.

Pure: bytes in, a document (often a small one) out; what it would change is importer.py's to say.
Nothing is expanded: ${NAME} is text here. What is not understood is named by its line.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from facio_site.strictjson import BadDocument, parse_json, read_text
from providers.spec.keyshapes import SHAPES, clean_key, key_problem
from providers.spec.kind import Specs
from providers.spec.masks import is_placeholder, is_reference, variable_form
from routing.config.document import key_of, snake
from routing.config.pasted.bindings import Found, at_address, bound
from routing.config.pasted.lines import Lines, read_lines
from routing.config.pasted.mending import begins_json, mended, out_of_fence
from routing.config.pasted.records import (
    Assignment,
    BadPaste,
    Ignored,
    Pasted,
    Source,
    Warned,
)

MARK = "\ufeff"
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MEMBER = re.compile(r'\s*"[^"\n]{1,200}"\s*:')
# What no key has: a blank, a bracket, a quote; and what begins like a name or an address
_NO_KEY = re.compile(r"[\s(){}\[\]<>\"'`|\\]|^[A-Za-z_][\w.-]*\s*=(?!=*$)|^\w+://")
_NOT_JSON = ("not_json", "json_comma", "json_comment", "json_quote", "json_end")
_REFUSALS = ("bad_curl", "unknown_option", "variable_address", "open_quote")


def kept_text(data: bytes) -> str:
    """The text to keep, of which another reading says the same. Raises BadDocument."""
    text = read_text(data)
    return MARK + text if data.startswith(_MARKS) or b"\0" in data[:4] else text


def read_pasted(data: bytes, *, specs: Specs, kind: str = "") -> Pasted:
    """Recognise and read. `kind` says whose a bare key is, when its form leaves that open.

    Raises BadDocument.
    """
    text = read_text(data)
    told = []
    if data.startswith(_MARKS) or b"\0" in data[:4]:
        told.append(Warned("line 1", "mark"))
    if text.lstrip().startswith("{") and (document := _read_at_once(text)) is not None:
        return replace(_from_document(document, specs, kind), warnings=tuple(told))
    inside, around = out_of_fence(text)
    if inside is not text:
        told.append(Warned(f"line {len(inside) - len(inside.lstrip(chr(10)))}", "fence"))
    if begins_json(inside) or _MEMBER.match(inside):
        document, faults = _from_json(inside)
        found = _from_document(document, specs, kind)
        left = [Ignored(f"line {a}" if a == b else f"lines {a}-{b}", "bad_line") for a, b in around]
        ignored, told = (*left, *found.ignored), [*told, *faults]
        return replace(found, ignored=ignored, warnings=tuple(told))
    if "\0" in text:
        raise BadDocument("bad_text", path=f"line {text.count(chr(10), 0, text.index(chr(0))) + 1}")
    return replace(_from_lines(text, specs, kind), warnings=tuple(told))


# --- JSON -----------------------------------------------------------------------------------


def _from_json(text: str) -> tuple[dict[str, Any], list[Warned]]:
    """A document that may need mending, and what did."""
    if not begins_json(text):
        text = "{" + text.rstrip().rstrip(",") + "}"
    document = _read_at_once(text)
    if document is not None:
        return document, []
    text, faults = mended(text)
    if not text.strip():
        raise BadDocument("empty")
    return parse_json(text), faults


def _read_at_once(text: str) -> dict[str, Any] | None:
    """The document; None = as it stands it is no JSON. Raises BadDocument for all other faults."""
    try:
        return parse_json(text)
    except BadDocument as error:
        if error.code not in _NOT_JSON:
            raise
        return None


def _from_document(document: dict[str, Any], specs: Specs, kind: str) -> Pasted:
    if key_of(document, "api_key") and "providers" not in document and "agents" not in document:
        return _from_entry(document, specs, kind)
    if document and all(map(_is_variable, document.items())):
        assignments = [
            Assignment(line=1, name=name, value=str(value)) for name, value in document.items()
        ]
        return _of_lines(Lines(assignments=assignments, sources={"env"}), specs, kind)
    return Pasted(source="config", document=document)


def _is_variable(pair: tuple[str, Any]) -> bool:
    """A member as the environments of other tools have it: no part of a config.json."""
    name, value = pair
    return re.fullmatch(r"[A-Z][A-Z0-9]*_[A-Z0-9_]*", name) is not None and isinstance(value, str)


def _from_entry(entry: Mapping[str, Any], specs: Specs, kind: str) -> Pasted:
    """What stands inside one provider's entry, without its name."""
    key, base = (entry.get(key_of(entry, name) or "") for name in ("api_key", "api_base"))
    if not isinstance(key, str) or not isinstance(base, str | None):
        raise BadPaste("not_known")
    more = [name for name in entry if snake(name) not in ("api_key", "api_base")]
    ignored = [Ignored(name, "without_provider") for name in more]
    key = _checked(clean_key(key))
    if not base or kind:
        values = {"apiBase": base} if base else {}
        return _of_key(key, values, ignored, specs, kind)
    found = Found()
    ignored += at_address(found, key, base, specs)
    return Pasted(source="key", document=found.document, ignored=tuple(ignored))


# --- lines ----------------------------------------------------------------------------------


def _from_lines(text: str, specs: Specs, kind: str) -> Pasted:
    if key := _bare(text):
        return _of_key(key, {}, [], specs, kind)
    lines = read_lines(text)
    if not lines.assignments and not lines.requests:
        raise _refusal(text, lines)
    return _of_lines(lines, specs, kind)


def _of_lines(lines: Lines, specs: Specs, kind: str) -> Pasted:
    found = bound(lines, specs)
    if not found.document and not found.secrets and not found.bare:
        _raise_alone(lines, found)
    if found.bare and not found.document:
        return _of_key(_checked(found.bare[0]), {}, found.ignored, specs, kind)
    left = (Ignored("key", "ambiguous_key", {"kinds": ""}) for _key in found.bare)
    return Pasted(
        source=_source(lines),
        document=found.document,
        ignored=(*found.ignored, *left),
        secrets=found.secrets,
        deployments=tuple(found.deployments),
        named=found.named,
    )


def _source(lines: Lines) -> Source:
    order: tuple[Source, ...] = ("curl", "env", "shell")
    if lines.requests:
        order = ("curl", "shell")
    return next(source for source in order if source in lines.sources)


def _refusal(text: str, lines: Lines) -> BadPaste:
    if not lines.left:
        return BadPaste("only_comments")
    for left in lines.left:
        if left.code in _REFUSALS:
            return BadPaste(left.code, line=left.line)
    line = text.strip()
    if "\n" not in line:
        _checked(clean_key(line))
    return BadPaste("not_known")


def _raise_alone(lines: Lines, found: Found) -> None:
    """One call and nothing else: what is wrong with it is the whole answer."""
    if len(lines.requests) == 1 and not lines.assignments:
        for one in found.ignored:
            if one.code in _REFUSALS:
                raise BadPaste(one.code, line=lines.requests[0].line)


# --- keys -----------------------------------------------------------------------------------


def _bare(text: str) -> str:
    """A key alone; "" = the text is something else. Its ends may have quotes or a header's name."""
    line = text.strip()
    if "\n" in line or re.match(r"[A-Z_][A-Z0-9_]*\s*[:=]|[#$]|curl\s|set", line):
        return ""
    if re.match(r"[A-Za-z_][\w.]*\s*=(?!=*$)", line):
        return ""
    key = clean_key(line)
    return "" if key_problem(key) or _NO_KEY.search(key) or is_placeholder(key) else key


def _checked(key: str) -> str:
    """Raises BadPaste, naming what stands in a key's place."""
    if re.match(r"\w+://", key):
        raise BadPaste("is_address")
    if is_reference(key) or variable_form(key):
        raise BadPaste("is_variable")
    if is_placeholder(key) or key_problem(key) == "masked":
        raise BadPaste("is_example")
    if key_problem(key) or _NO_KEY.search(key):
        raise BadPaste("not_known")
    return key


def _of_key(
    key: str, values: Mapping[str, str], ignored: list[Ignored], specs: Specs, kind: str
) -> Pasted:
    """A key by its form, or by the kind that is said."""
    owner = next((shape for shape in SHAPES if key.startswith(shape.prefix)), None)
    of_prefix = _kinds_by_prefix(key, specs)
    candidates: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    if kind not in specs or specs[kind].is_oauth:
        kind = owner.kind if owner else of_prefix[0] if len(of_prefix) == 1 else ""
    if kind not in specs and owner:
        ignored = [*ignored, Ignored("key", "foreign_key", {"owner": owner.owner})]
    elif kind not in specs:
        others = (k for k, spec in specs.items() if not spec.is_oauth and k not in of_prefix)
        candidates, likely = (*of_prefix, *others), of_prefix
        told = Ignored("key", "ambiguous_key", {"kinds": ", ".join(of_prefix)})
        ignored = [*ignored, told]
    document = {"providers": {kind: {**values, "apiKey": key}}} if kind in specs else {}
    return Pasted(
        source="key",
        document=document,
        ignored=tuple(ignored),
        candidates=candidates,
        likely=likely,
    )


def _kinds_by_prefix(key: str, specs: Specs) -> tuple[str, ...]:
    """The kinds with the longest prefix of their own that the key begins with."""
    found = {
        kind: max(map(len, fitting))
        for kind, spec in specs.items()
        if (fitting := [prefix for prefix in spec.key_prefixes if key.startswith(prefix)])
        and not spec.is_oauth
    }
    longest = max(found.values(), default=0)
    return tuple(kind for kind, length in found.items() if length == longest)

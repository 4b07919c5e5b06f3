"""What differs between two config.json documents, and merging three of them. Pure.

Keys in camelCase and snake_case are the same key, except where people name them. What differs is
told in clear, except secrets (clear.py).
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from facio_site.strictjson import join
from providers.spec.kind import Specs
from providers.spec.masks import MASK
from providers.spec.names import INHERITED_NAMES, built_in, folded, same_name
from routing.config.clear import HIDDEN, told
from routing.config.document import camel, snake
from routing.config.entries import is_owned
from routing.rules.order import FACTS

Path = tuple[str, ...]
SET = "set"  # is shown for a secret
Op = Literal["added", "removed", "changed"]

# Objects whose keys are names that people gave, and those that are theirs down to the bottom.
_NAMED_BY_PEOPLE = frozenset({"mcp_servers", "model_presets"})
_THEIRS = frozenset({"env", "headers", "extra_headers", "extra_body", "extra_query"})
_MISSING: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class PathChange:
    """One place where two documents differ. `before` and `after` are fit to be shown: "" = not
    there, "set" for a secret, *** for a mask, ${NAME} for a reference, else the value."""

    keys: Path
    op: Op
    before: str
    after: str
    is_secret: bool
    is_owned: bool
    values: tuple[Any, Any] = field(compare=False, repr=False)  # the same in JSON; None = absent

    @property
    def path(self) -> str:
        return shown_path(self.keys)


def shown_path(keys: Path) -> str:
    path = ""
    for key in keys:
        path = join(path, key)
    return path


def told_apart(keys: Path, taken: Counter[str]) -> str:
    """The same, with a number where another path is shown alike: what a person says of one is said
    of that alone. Names may be cut, or differ by signs that nobody sees."""
    found = path = shown_path(keys)
    while taken[found]:
        taken[path] += 1
        found = f"{path} ({taken[path]})"
    taken[found] += 1
    return found


def plain_path(keys: Path) -> Path:
    """The same for either spelling."""
    is_own = keys[:1] == ("providers",) and len(keys) > 1 and not built_in(keys[1], FACTS)
    return tuple(
        folded(key) if is_own and place == 1 else snake(key) for place, key in enumerate(keys)
    )


def semantic_diff(
    old: Mapping[str, Any], new: Mapping[str, Any], *, specs: Specs
) -> tuple[PathChange, ...]:
    """Every leaf that was added, removed or changed; order and spelling alone are no change.

    Of ours, missing, null and empty are the same, but a route's provider that is the empty text
    names nobody. The order of endpoints of one's own counts: the agent falls back to the first.
    """
    return tuple(_changes(old, new, (), specs))


def _changes(old: Any, new: Any, keys: Path, specs: Specs) -> Iterator[PathChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key, before, after in _pairs(old, new, keys):
            yield from _changes(before, after, (*keys, key), specs)
        if keys == ("providers",):
            yield from _reordered(old, new, keys)
        return
    ours = is_owned(keys[:3], specs) is True
    if ours:
        silent = _silent(keys)
        old, new = (_MISSING if value in silent else value for value in (old, new))
    if same(old, new):
        return
    for here, there, swapped in ((old, new, False), (new, old, True)):
        if isinstance(here, dict) and here and there is _MISSING:
            for key, value in here.items():
                pair = (_MISSING, value) if swapped else (value, _MISSING)
                yield from _changes(*pair, (*keys, key), specs)
            return
    before, after = told(old, keys), told(new, keys)
    if same(before, after):  # they differ in what is hidden
        before = after = HIDDEN
    yield PathChange(
        keys=keys,
        op="added" if old is _MISSING else "removed" if new is _MISSING else "changed",
        before=_shown(before),
        after=_shown(after),
        is_secret=HIDDEN in (before, after),
        is_owned=ours,
        values=(_in_json(before), _in_json(after, is_new=before is not HIDDEN)),
    )


def _silent(keys: Path) -> tuple[Any, ...]:
    """What is as good as missing there, of ours."""
    is_named = keys[:2] == ("agents", "defaults") and snake(keys[-1]).endswith("provider")
    return (None, {}) if is_named else (None, "", {})


def _reordered(old: Mapping[str, Any], new: Mapping[str, Any], keys: Path) -> Iterator[PathChange]:
    """The endpoints of one's own that both have, when they stand in another order."""
    there = [twin(key, new, keys) for key in old if not built_in(key, FACTS)]
    both = dict.fromkeys(key for key in there if key is not None)
    before, after = list(both), [key for key in new if key in both]
    if before != after:
        yield PathChange(
            keys=keys,
            op="changed",
            before=", ".join(before),
            after=", ".join(after),
            is_secret=False,
            is_owned=False,
            values=(before, after),
        )


def _shown(value: Any) -> str:
    """What `told` made of a value, as a text."""
    if value is _MISSING:
        return ""
    if value is HIDDEN:
        return SET
    is_plain = isinstance(value, str) and value != ""
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def _in_json(value: Any, *, is_new: bool = True) -> Any:
    if value is HIDDEN:
        return SET if is_new else "changed"
    return None if value is _MISSING else value


def same(one: Any, other: Any) -> bool:
    """Equality of JSON: 1, 1.0 and true are three values; the order of keys says nothing."""
    if one is other:
        return True
    if one is _MISSING or other is _MISSING or type(one) is not type(other):
        return False
    if isinstance(one, str | int | float):
        return bool(one == other)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


# --- keys in either spelling ----------------------------------------------------------------


def twin(key: str, section: Mapping[str, Any], keys: Path) -> str | None:
    """How `section`, which stands at `keys`, spells `key`; None when it is not there."""
    if key in section:
        return key
    if keys == ("providers",) and not built_in(key, FACTS):
        return same_name(key, section) or None
    if not _may_be_respelled(key, keys):
        return None
    return next((other for other in (camel(key), snake(key)) if other in section), None)


def _may_be_respelled(key: str, keys: Path) -> bool:
    names = [snake(name) for name in keys]
    if _THEIRS.intersection(names):
        return False
    if keys == ("providers",):
        return snake(key) in FACTS or snake(key) in INHERITED_NAMES
    return not names or names[-1] not in _NAMED_BY_PEOPLE


def _pairs(
    old: Mapping[str, Any], new: Mapping[str, Any], keys: Path
) -> Iterator[tuple[str, Any, Any]]:
    """Keys of both with their values, the old ones first; a key is named as `new` spells it."""
    met = set()
    for key, before in old.items():
        other = twin(key, new, keys)
        if other != key and other in old:
            other = None
        met.add(other)
        yield (other, before, new[other]) if other is not None else (key, before, _MISSING)
    for key, after in new.items():
        if key not in met:
            yield key, _MISSING, after


def value_at(document: Any, keys: Path) -> Any:
    """The value at a path, in either spelling; None when there is none."""
    for place, key in enumerate(keys):
        name = twin(key, document, keys[:place]) if isinstance(document, dict) else None
        if name is None:
            return None
        document = document[name]
    return document


def with_value(document: Mapping[str, Any], keys: Path, value: Any) -> dict[str, Any]:
    """A document with another value at a path that exists; None takes the key out.

    Only the objects on the way are copied: both documents share the rest.
    """
    changed = dict(document)
    here = changed
    for place, key in enumerate(keys[:-1]):
        name = twin(key, here, keys[:place]) or key
        here[name] = dict(here[name])
        here = here[name]
    name = twin(keys[-1], here, keys[:-1]) or keys[-1]
    if value is None:
        here.pop(name, None)
    else:
        here[name] = value
    return changed


def masked(document: Mapping[str, Any], paths: Iterable[Path]) -> Mapping[str, Any]:
    """`document` with a mask at each of these paths that is there."""
    for keys in paths:
        if value_at(document, keys) is not None:
            document = with_value(document, keys, MASK)
    return document


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any], keys: Path = ()) -> dict[str, Any]:
    """`above` laid over `below`: objects go together key by key, every other value is replaced.

    Order and spelling are those of `below`; what only `above` has comes last. Neither is copied:
    the result shares what only one of them has.
    """
    result = dict(below)
    for key, value in above.items():
        name = twin(key, result, keys) or key
        both = isinstance(result.get(name), dict) and isinstance(value, dict)
        result[name] = overlaid(result[name], value, (*keys, key)) if both else value
    return result


# --- three ways -----------------------------------------------------------------------------

Side = Literal["ours", "theirs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place that they changed. In a conflict we changed it too, and not to the same."""

    keys: Path
    path: str  # as shown; no other place has it
    ours: str  # fit to be shown, as in PathChange
    theirs: str
    is_conflict: bool
    side: Side  # whose value the merged document has


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    document: dict[str, Any] = field(repr=False)
    places: tuple[Place, ...]


def merge(
    base: Mapping[str, Any],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    *,
    specs: Specs,
    choices: Mapping[str, Side] | None = None,
) -> Merged:
    """What both sides made of `base`, key by key.

    A conflict goes to our side and what only they changed to theirs, unless `choices` (by path)
    says otherwise. Lists are one value. The order of entries is ours.
    """
    merging = _Merging(specs, choices or {})
    document = merging.objects(base, ours, theirs, ())
    return Merged(document=document, places=tuple(merging.places))


class _Merging:
    def __init__(self, specs: Specs, choices: Mapping[str, Side]) -> None:
        self.specs, self.choices = specs, choices
        self.places: list[Place] = []
        self.taken: Counter[str] = Counter()

    def objects(
        self,
        base: Mapping[str, Any],
        ours: Mapping[str, Any],
        theirs: Mapping[str, Any],
        keys: Path,
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, our, their in _pairs(ours, theirs, keys):
            mine = twin(key, ours, keys)
            name = key if mine is None else mine
            old = twin(key, base, keys)
            value = self.value(
                base[old] if old is not None else _MISSING, our, their, (*keys, name)
            )
            if value is not _MISSING:
                result[name] = value
        return result

    def value(self, base: Any, our: Any, their: Any, keys: Path) -> Any:
        if same(our, their) or same(base, their):
            return _copied(our)
        if isinstance(our, dict) and isinstance(their, dict):
            return self.objects(base if isinstance(base, dict) else {}, our, their, keys)
        is_conflict = not same(base, our)
        path = told_apart(keys, self.taken)
        side = self.choices.get(path, "ours" if is_conflict else "theirs")
        self.places.append(
            Place(
                keys=keys,
                path=path,
                ours=_shown(told(our, keys)),
                theirs=_shown(told(their, keys)),
                is_conflict=is_conflict,
                side=side,
            )
        )
        return _copied(our if side == "ours" else their)


def _copied(value: Any) -> Any:
    return value if value is _MISSING else copy.deepcopy(value)

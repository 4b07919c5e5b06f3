"""`python -m tests.house [--json]`: what the structure of the code measures, beside its goals.

Circles, imports that run back up, entries at the first look, lengths of modules, functions and
template lines. Reads sources as text and imports nothing of the project.
"""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import grimp

ROOT = Path(__file__).resolve().parent.parent
APPS = ("facio_site", "providers", "routing")


class Goal(NamedTuple):
    """The largest value that is fine; None = no goal, only told."""

    words: str
    most: float | None


GOALS = {
    "circles": Goal("circles of imports", 0),
    "upward": Goal("imports that run back up", 0),
    "look_providers": Goal("entries at the first look: providers", 18),
    "look_routing": Goal("entries at the first look: routing", 14),
    "look_config": Goal("entries at the first look: routing/config", 12),
    "module": Goal("longest module, lines", 425),
    "function": Goal("longest function, lines", 60),
    "function_median": Goal("median of the functions, lines", 10),
    "python": Goal("lines of Python without tests", None),
    "template_160": Goal("template lines over 160 characters", None),
    "template_120": Goal("template lines over 120 characters, %", None),
}


def sources() -> list[Path]:
    """Python files of the three packages without migrations, and manage.py."""
    found = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts] + [ROOT / "manage.py"]


def graph() -> grimp.ImportGraph:
    sys.path.insert(0, str(ROOT))
    return grimp.build_graph(*APPS)


def circles(imports: grimp.ImportGraph) -> list[list[str]]:
    """Groups of modules that import each other, be it by way of others."""
    reach = {one: _below(imports, one) for one in imports.modules}
    groups = {
        tuple(sorted(other for other in below if one in reach[other]))
        for one, below in reach.items()
        if one in below
    }
    return sorted(map(list, groups))


def _below(imports: grimp.ImportGraph, module: str) -> set[str]:
    seen: set[str] = set()
    left = [module]
    while left:
        for found in imports.find_modules_directly_imported_by(left.pop()):
            if found not in seen:
                seen.add(found)
                left.append(found)
    return seen


def layers() -> list[list[list[str]]]:
    """The layers of each contract in pyproject.toml, highest first; each a list of packages."""
    read = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = [one for one in read["contracts"] if one["type"] == "layers"]
    return [[layer.split(" : ") for layer in one["layers"]] for one in contracts]


def upward(imports: grimp.ImportGraph) -> list[str]:
    """Direct imports from a lower layer into a higher one."""
    found = []
    for contract in layers():
        rank = {name: place for place, layer in enumerate(contract) for name in layer}
        for module in imports.modules:
            for other in imports.find_modules_directly_imported_by(module):
                mine, theirs = _rank(rank, module), _rank(rank, other)
                if mine is not None and theirs is not None and theirs < mine:
                    found.append(f"{module} -> {other}")
    return sorted(found)


def _rank(rank: dict[str, int], module: str) -> int | None:
    names = [name for name in rank if module == name or module.startswith(f"{name}.")]
    return rank[max(names, key=len)] if names else None


def at_first_look(folder: str) -> int:
    entries = [path for path in (ROOT / folder).iterdir() if path.name[0] not in "._"]
    return len([path for path in entries if path.is_dir() or path.suffix == ".py"])


def function_lengths() -> Iterator[tuple[int, str]]:
    """Lines of each function, with its place."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                yield length, f"{path.relative_to(ROOT)}:{node.name}"


def measure() -> dict[str, tuple[float, str]]:
    """Name of a measure -> its value, and where that is ("" = everywhere)."""
    imports = graph()
    found_circles, found_upward = circles(imports), upward(imports)
    modules = [(len(path.read_text().splitlines()), path) for path in sources()]
    longest, path = max(modules)
    functions = list(function_lengths())
    function, place = max(functions)
    templates = (ROOT / "templates").rglob("*.html")
    lines = [line for one in templates for line in one.read_text().splitlines()]
    wide = sum(len(line) > 120 for line in lines)
    return {
        "circles": (len(found_circles), "; ".join(map(" ".join, found_circles))),
        "upward": (len(found_upward), "; ".join(found_upward)),
        "look_providers": (at_first_look("providers"), ""),
        "look_routing": (at_first_look("routing"), ""),
        "look_config": (at_first_look("routing/config"), ""),
        "module": (longest, str(path.relative_to(ROOT))),
        "function": (function, place),
        "function_median": (median(length for length, _ in functions), ""),
        "python": (sum(length for length, _ in modules), ""),
        "template_160": (sum(len(line) > 160 for line in lines), ""),
        "template_120": (round(100 * wide / len(lines), 1), ""),
    }


def main(words: list[str]) -> int:
    found = measure()
    if words == ["--json"]:
        print(json.dumps({name: value for name, (value, _) in found.items()}, indent=2))
        return 0
    for name, (value, place) in found.items():
        goal: Any = "" if GOALS[name].most is None else f"at most {GOALS[name].most:g}"
        print(f"{GOALS[name].words:45} {value:>8g}  {goal:12} {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

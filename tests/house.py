"""`python -m tests.house [--json]`: what the structure of the code measures, beside its goals.

Circles, imports that run back up, entries at the first look, lengths of modules, functions and
template lines. Reads sources as text and imports nothing of the project. What stands under
TYPE_CHECKING runs for nobody: it makes circles of a kind of its own, and none that run back up.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import grimp

ROOT = Path(__file__).resolve().parent.parent
APPS = ("facio_site", "providers", "routing")


class Goal(NamedTuple):
    """What is measured, and the largest value that is fine."""

    words: str
    most: float


GOALS = {
    "circles": Goal("circles of imports", 0),
    "circles_of_types": Goal("circles that only imports for types close", 0),
    "upward": Goal("imports that run back up", 0),
    "look_providers": Goal("entries at the first look: providers", 18),
    "look_routing": Goal("entries at the first look: routing", 14),
    "look_config": Goal("entries at the first look: routing/config", 12),
    "module": Goal("longest module, lines", 400),
    "function": Goal("longest function, lines", 60),
    "function_median": Goal("median of the functions, lines", 10),
    # 23,200 when the rooms were put in order; each thing that came since is told in the changelog.
    "python": Goal("lines of Python without tests and migrations", 49_450),
    "template_160": Goal("template lines over 160 characters", 0),
    "template_120": Goal("template lines over 120 characters, %", 3),
}


def sources() -> list[Path]:
    """Python files of the three packages without migrations, and manage.py."""
    found = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts] + [ROOT / "manage.py"]


def graph(*, with_types: bool = False) -> grimp.ImportGraph:
    """Who imports whom; imports under TYPE_CHECKING only on request."""
    return grimp.build_graph(*APPS, exclude_type_checking_imports=not with_types, cache_dir=None)


def circles(imports: grimp.ImportGraph) -> list[list[str]]:
    """Groups of modules that import each other, be it by way of others."""
    reach = {one: imports.find_upstream_modules(one) for one in imports.modules}
    groups = {
        tuple(sorted({one, *(other for other in below if one in reach[other])}))
        for one, below in reach.items()
    }
    return sorted(list(group) for group in groups if len(group) > 1)


def layers() -> list[list[list[str]]]:
    """The layers of each contract in pyproject.toml, highest first; each a list of packages."""
    read = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = [one for one in read["contracts"] if one["type"] == "layers"]
    return [
        [
            [f"{container}{name.strip(' ()')}" for name in re.split("[:|]", layer)]
            for layer in one["layers"]
        ]
        for one in contracts
        for container in [f"{name}." for name in one.get("containers", [])] or [""]
    ]


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
    """Modules and packages of a folder, not counting those below them."""
    entries = [path for path in (ROOT / folder).iterdir() if path.name[0] not in "._"]
    return len([path for path in entries if path.suffix == ".py" or any(path.rglob("*.py"))])


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
    of_types = [one for one in circles(graph(with_types=True)) if one not in found_circles]
    modules = [(len(path.read_text().splitlines()), path) for path in sources()]
    longest, path = max(modules)
    functions = list(function_lengths())
    function, place = max(functions)
    templates = (ROOT / "templates").rglob("*.html")
    lines = [line for one in templates for line in one.read_text().splitlines()]
    wide = sum(len(line) > 120 for line in lines)
    return {
        "circles": (len(found_circles), "; ".join(map(" ".join, found_circles))),
        "circles_of_types": (len(of_types), "; ".join(map(" ".join, of_types))),
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
        print(f"{GOALS[name].words:45} {value:>8g}  at most {GOALS[name].most:<6g} {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

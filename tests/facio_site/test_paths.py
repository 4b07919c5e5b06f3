"""No address of the site is written down as if the site stood at the root of its host."""

import ast
import re

import pytest

from tests.processes import ROOT

pytestmark = pytest.mark.battery

ADDRESS = re.compile(
    r"/(?:accounts|activity|admin|catalog|config|language|live|palette|providers|routing|setup)/"
)
# Written without the path of PUBLIC_URL, and given it where they are used.
KNOWN = {"routing/pages/palette.py", "facio_site/accounts/users.py"}


def written(text: str) -> list[str]:
    """Strings in this source that begin as an address does; docstrings apart."""
    tree = ast.parse(text)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    joined = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values[1:]
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docs | joined
        and ADDRESS.match(node.value)
    ]


def test_no_code_writes_an_address_of_the_root() -> None:
    found = {}
    for folder in ("facio_site", "providers", "routing"):
        for path in (ROOT / folder).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            if name not in KNOWN and (strings := written(path.read_text())):
                found[name] = strings
    assert found == {}
    assert written("x = '/providers/'\ny = f'/routing/#{x}'") == ["/providers/", "/routing/#"]


def test_neither_does_a_template_or_a_script() -> None:
    found = []
    for path in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static").glob("*.js")]:
        text = path.read_text()
        found += [
            f"{path.name}: {match[0]}"
            for match in re.finditer(r"""(?:["'`]|path=)/(?=[a-z"'`;]).{0,20}""", text)
            if _is_address(match[0])
        ]
    assert found == []
    assert _is_address('"/providers/')
    assert _is_address("path=/;")


def _is_address(text: str) -> bool:
    return bool(ADDRESS.match(text.lstrip("\"'`"))) or text.startswith("path=/")

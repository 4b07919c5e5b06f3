"""What is served of our script."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from facio_site.web.statics import lean
from tests.processes import ROOT

SOURCE = ROOT / "static" / "app.js"


def test_comments_and_indents_go_and_nothing_else() -> None:
    script = (
        "// What it is.\n"
        "(() => {\n"
        "  // Why.\n"
        '  const url = "https://a.example"; // and why here\n'
        "\n"
        "    go(url);\n"
        "})();\n"
    )
    assert lean(script) == (
        '(() => {\nconst url = "https://a.example"; // and why here\n\ngo(url);\n})();\n'
    )


def test_no_text_in_the_script_goes_over_a_line() -> None:
    """Its indents would be lost."""
    for number, line in enumerate(SOURCE.read_text().splitlines(), 1):
        assert line.count("`") % 2 == 0, number


@pytest.mark.battery
@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.long)])
def test_the_collected_script_is_the_lean_one_under_a_name_of_its_own(
    settings: Any, tmp_path: Path, times: int
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "facio_site.web.statics.LeanStaticFiles"},
    }
    for _ in range(times):
        call_command("collectstatic", interactive=False, verbosity=0)
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    served = tmp_path / names["app.js"]
    assert served.read_text() == lean(SOURCE.read_text())
    assert served.name != "app.js"
    assert (tmp_path / f"{served.name}.gz").exists()
    assert len(list(tmp_path.glob("app.*.js"))) == 1

"""Templates can be read: one element a line, and no line so long that nobody reads its end.

What htmx does to a page stands in them alone.
"""

import re
from pathlib import Path

from django.conf import settings

LONGEST, LONG, FEW = 160, 120, 0.03
APPS = ("facio_site", "providers", "routing")
# Attributes for htmx, and what it sends read by hand: django-htmx reads that.
HTMX = re.compile(r"\bhx-[a-z]|HTTP_HX|\brequest\.(?:headers|META)\b.*HX-")


def lines() -> dict[str, str]:
    """Each line of each template under its place."""
    folder = Path(settings.BASE_DIR) / "templates"
    return {
        f"{path.relative_to(folder)}:{number}": line
        for path in sorted(folder.rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
    }


def test_no_line_of_a_template_is_too_long() -> None:
    assert [place for place, line in lines().items() if len(line) > LONGEST] == []


def test_few_lines_of_the_templates_are_long() -> None:
    long = [place for place, line in lines().items() if len(line) > LONG]
    assert len(long) < FEW * len(lines()), long


def test_no_icon_of_a_banner_is_in_a_box_that_grows_as_its_text_does() -> None:
    """`.banner > span` shares the width: its text would stand in the right half."""
    folder = Path(settings.BASE_DIR) / "templates"
    boxed = re.compile(r'class="banner"[^>]*>\s*<span>\s*{% (?:tone_)?icon')
    found = [path.name for path in folder.rglob("*.html") if boxed.search(path.read_text())]
    assert found == []


def of_htmx(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if HTMX.search(line)]


def test_python_writes_no_attributes_of_htmx_and_reads_no_header_of_it() -> None:
    root = Path(settings.BASE_DIR)
    paths = [path for app in APPS for path in (root / app).rglob("*.py")]
    found = {str(path.relative_to(root)): of_htmx(path.read_text()) for path in paths}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_each_way_to_htmx_past_the_templates_is_seen() -> None:
    ways = (
        '"hx-get": reverse("routing:models"),',
        'if request.headers.get("HX-Request"):',
        'if request.META.get("HTTP_HX_REQUEST"):',
    )
    assert of_htmx("\n".join(ways)) == list(ways)
    assert of_htmx('response["HX-Replace-Url"] = "?"') == []

"""The style sheet: readable in both themes, and nothing in it that the page may not load."""

import gzip
import re
from itertools import product

import pytest
from django.conf import settings
from django.template.loader import render_to_string

CSS = (settings.BASE_DIR / "static" / "app.css").read_text()
FONTS = settings.BASE_DIR / "static" / "fonts"
SCRIPT = (settings.BASE_DIR / "static" / "app.js").read_text()
TONES = ("ok", "warn", "error", "info")
GROUNDS = ("paper", "card", "soft")
PAIRS = [
    *product(("ink", "muted", "link"), GROUNDS),
    *product(("ink", "link"), ("tint",)),
    *((f"{tone}-fg", ground) for tone in TONES for ground in (f"{tone}-bg", "card", "paper")),
    *product(("danger",), ("card", "paper", "error-bg")),
    ("on-primary", "primary"),
    ("on-danger", "danger-bg"),
    ("ink", "raised"),
]


def _colours(theme: int) -> dict[str, str]:
    found = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", CSS)
    return {name: both[theme] for name, *both in found}


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(theme, text, ground):
    colours = _colours(theme)
    assert _contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "card", "soft"])
def test_the_focus_ring_stands_out_from_its_ground(theme, ground):
    colours = _colours(theme)
    assert _contrast(colours["ring"], colours[ground]) >= 3


def test_the_style_sheet_loads_its_font_and_nothing_from_elsewhere():
    assert "@import" not in CSS
    urls = [url for url in re.findall(r'url\("([^")]*)', CSS) if not url.startswith("data:image/")]
    assert urls == ["fonts/geist.woff2"]


def test_the_font_is_small_and_its_licence_lies_beside_it():
    assert (FONTS / "geist.woff2").read_bytes()[:4] == b"wOF2"
    assert (FONTS / "geist.woff2").stat().st_size <= 32_000
    licence = (FONTS / "geist-OFL.txt").read_text()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Geist Project Authors" in licence


def test_the_font_comes_with_the_page_and_moves_nothing_when_it_comes_late():
    head = render_to_string("_head.html")
    assert re.search(
        r'<link rel="preload" href="\S*geist\S*woff2" as="font"[^>]* crossorigin>', head
    )
    face, fallback = re.findall(r"@font-face \{([^}]*)\}", CSS)
    assert "font-display: optional" in face
    assert re.findall(r"([a-z-]+-(?:adjust|override)):", fallback) == [
        "size-adjust",
        "ascent-override",
        "descent-override",
        "line-gap-override",
    ]


def test_every_custom_property_that_is_used_is_declared():
    declared = set(re.findall(r"(--[\w-]+):", CSS))
    assert set(re.findall(r"var\((--[\w-]+)", CSS)) <= declared


def test_every_class_that_has_a_rule_is_used():
    folders = ("templates", "facio_site", "providers", "routing")
    files = [path for name in folders for path in (settings.BASE_DIR / name).rglob("*.*")]
    sources = [path.read_text() for path in files if path.suffix in (".html", ".py")]
    words = set(re.findall(r"[\w-]+", "\n".join([SCRIPT, *sources])))
    rules = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
    from_libraries = {"errorlist", "helptext", "htmx-request", "nonfield"}
    assert set(re.findall(r"\.([a-z][a-z0-9-]*)(?=[^{}]*\{)", rules)) - words == from_libraries


def test_what_breaks_badly_stays_in_line():
    """An age, a link with its arrow; the columns of one table of changes below those of another."""
    kept = ",".join(re.findall(r"([^{}]*)\{ white-space: nowrap; \}", CSS))
    assert {"[data-age]", "a[target]"} <= {one.strip() for one in kept.split(",")}
    assert re.search(r"\.changes, [^{}]*\{ table-layout: fixed; \}", CSS)


def test_style_sheet_and_script_stay_small():
    assert len(gzip.compress(CSS.encode())) <= 14_000
    assert len(gzip.compress(SCRIPT.encode())) <= 8_000

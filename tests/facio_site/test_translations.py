"""German is complete: every marked text of today's sources has its translation, compiled."""

import gettext
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from providers.kinds import KINDS
from providers.models import Provider
from tests.conftest import absent
from tests.processes import ROOT

LOCALE = Path("facio_site/locale")
CATALOG = LOCALE / "de/LC_MESSAGES/django"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
MAKE = f"""
import django.conf, django.core.management
django.conf.settings.configure(LOCALE_PATHS=["{LOCALE}"])
django.setup()
django.core.management.call_command("makemessages", locale=["de"], no_location=True)
"""
MAKE = f"""
import django.conf, django.core.management
django.conf.settings.configure(LOCALE_PATHS=["{LOCALE}"])
django.setup()
django.core.management.call_command("makemessages", locale=["de"], no_location=True)
"""
Texts = dict[str | tuple[str, int], str]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, with the catalog brought up to date with them."""
    if not shutil.which("xgettext"):
        absent("gettext")
    folder = tmp_path_factory.mktemp("sources")
    for name in ("facio_site", "providers", "routing", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-c", MAKE], cwd=folder, check=True, capture_output=True)
    return folder


def texts(folder: Path) -> Texts:
    """The compiled catalog. The entry for "" is its header."""
    with (folder / CATALOG.with_suffix(".mo")).open("rb") as file:
        found: Texts = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    found.pop("", None)
    return found


def test_no_text_is_without_its_german(fresh: Path) -> None:
    run = subprocess.run(
        ["msgfmt", "--check", "--statistics", str(CATALOG.with_suffix(".po")), "-o", "new.mo"],
        cwd=fresh,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        capture_output=True,
        text=True,
    )
    assert not run.returncode, run.stderr
    assert re.fullmatch(r"\d{3,} translated messages\.\n", run.stderr), run.stderr


def test_what_is_compiled_is_what_is_written(fresh: Path) -> None:
    compiled = texts(ROOT)
    command = ["msgfmt", "-o", str(CATALOG.with_suffix(".mo")), str(CATALOG.with_suffix(".po"))]
    subprocess.run(command, cwd=fresh, check=True)
    assert texts(fresh) == compiled


def test_a_translation_has_the_placeholders_of_its_text() -> None:
    for source, german in texts(ROOT).items():
        if isinstance(source, str):
            assert set(PLACEHOLDER.findall(german)) == set(PLACEHOLDER.findall(source)), source


def test_english_and_german_are_offered() -> None:
    assert [code for code, _name in settings.LANGUAGES] == ["en", "de"]


# What the pages say ------------------------------------------------------------------------------

ENGLISH = re.compile(r"\b(the|is|are|and|of|to|with|not|for|this|that|no|has|was|by|from)\b", re.I)
UNTOUCHED = {"code", "pre", "script", "style", "option"}  # names, commands, documents


class Words(HTMLParser):
    """The texts of a page, and the links of it that lead to pages."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self.links: set[str] = set()
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if found.get("lang"):
            tag = "html" if tag == "html" else "code"  # told to be of another language
        if tag not in ("input", "meta", "link", "img", "br", "hr", "path", "circle", "use", "line"):
            self.inside.append(tag)
        self.texts |= {found.get(name, "") for name in ("title", "aria-label", "placeholder")}
        if found.get("href", "").startswith("/") and "download" not in found:
            self.links.add(re.sub(r"[?#].*", "", found["href"]))  # a filter may hide what leads on

    def handle_endtag(self, tag: str) -> None:
        if self.inside:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not UNTOUCHED & set(self.inside):
            self.texts.add(" ".join(data.split()))


def words(client: Client, path: str, language: str) -> Words:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    response = client.get(path)
    found = Words()
    if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
        found.feed(response.content.decode())
    return found


@pytest.mark.battery
@pytest.mark.alike
def test_no_page_speaks_english_to_a_german(site: Client) -> None:
    for kind in KINDS:
        Provider.for_name(kind).store()
    seen: set[str] = set()
    paths, english = ["/"], {}
    while paths:
        path = paths.pop()
        if path in seen or path.startswith(("/admin/", "/static/")):
            continue
        seen.add(path)
        german = words(site, path, "de")
        paths += german.links
        same = german.texts & words(site, path, "en").texts
        if left := {text for text in same if ENGLISH.search(text)}:
            english[path] = left
    assert len(seen) > 30
    assert not english

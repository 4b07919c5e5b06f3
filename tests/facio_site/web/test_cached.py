"""A page is drawn once for the same reader, and given again as long as it is true."""

import gzip
import re
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test import Client

from facio_site.web import cached
from tests.conftest import signed_in
from tests.desk import saved
from tests.facio_site.accounts.person import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.battery]
LIST = "/providers/"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that are drawn, as they are."""
    caches["pages"].clear()
    monkeypatch.setattr("providers.pages.board.STAMP_SECONDS", 10**9)  # no turn of it in between
    drawn: list[str] = []
    draw = cached.render_to_string

    def count(template: str, *args: Any) -> str:
        drawn.append(template)
        return draw(template, *args)

    monkeypatch.setattr(cached, "render_to_string", count)
    return drawn


def text(client: Client, path: str = LIST) -> str:
    return client.get(path).content.decode()


def test_a_page_is_drawn_once_and_each_answer_has_a_token_of_its_own(
    owner: Any, drawn: list[str]
) -> None:
    site = Client(enforce_csrf_checks=True)
    site.force_login(owner, backend=settings.AUTHENTICATION_BACKENDS[0])
    first, second = text(site), text(site)
    assert drawn == ["providers/list.html"]
    tokens = [
        re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page) for page in (first, second)
    ]
    assert len(tokens[0]) == len(tokens[1]) > 1
    assert not set(tokens[0]) & set(tokens[1])
    answer = site.post("/accounts/logout/", {"csrfmiddlewaretoken": tokens[1][0]})
    assert answer.status_code == 302  # 403 with a token that is none


def test_a_reader_who_takes_gzip_gets_the_same_page(site: Client, drawn: list[str]) -> None:
    for _ in range(2):
        answer = site.get(LIST, headers={"Accept-Encoding": "gzip, br"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert int(answer.headers["Content-Length"]) == len(answer.content) < 10_000
        page = gzip.decompress(answer.content).decode()
        assert mask(page) == mask(text(site))
    assert drawn == ["providers/list.html"]


def mask(page: str) -> str:
    return re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", page)


def test_another_reader_another_language_and_another_search_get_their_own(
    owner: Any, viewer: Any, drawn: list[str]
) -> None:
    site, other = signed_in(owner), signed_in(viewer)
    assert "ada" in text(site)
    assert "ada" not in text(other)
    assert "Test all" not in text(other)
    assert "Anbieter" in Client.get(site, LIST, headers={"Accept-Language": "de"}).content.decode()
    text(site, LIST + "?q=groq")
    assert len(drawn) == 4


def test_what_has_changed_is_drawn_anew(site: Client, drawn: list[str]) -> None:
    text(site)
    saved("groq")
    assert "1 set up" in text(site)
    assert len(drawn) == 2


def test_a_message_is_told_once(site: Client, drawn: list[str]) -> None:
    text(site)
    site.post("/providers/ollama/", {"api_base": "http://127.0.0.1:11434/v1"})
    assert "Ollama saved." in text(site)
    assert "Ollama saved." not in text(site)


def test_only_so_many_pages_are_kept(site: Client, drawn: list[str]) -> None:
    most = settings.CACHES["pages"]["OPTIONS"]["MAX_ENTRIES"]
    for number in range(most + 8):
        text(site, f"{LIST}?q={number}")
    assert len(caches["pages"]._cache) <= most


def test_a_huge_page_is_drawn_each_time(
    site: Client, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached, "LARGEST", 10)
    text(site)
    text(site)
    assert len(drawn) == 2


def test_a_page_is_sent_without_its_indent_except_where_blanks_count() -> None:
    assert cached.without_indent("<p>\n    a\n\n  b</p>\n") == "<p>\na\nb</p>\n"
    for part in ("<pre>\n  a\n\n</pre>", '<textarea name="x">\n  a</textarea>'):
        assert cached.without_indent(part) == part
        page = f"<p>\n  code:\n  {part}\n  </p>\n  <i>x</i>{part}y"
        assert cached.without_indent(page) == f"<p>\ncode:\n{part}\n</p>\n<i>x</i>{part}y"
    assert cached.without_indent("") == ""
    assert cached.without_indent("<pre> a</pre> \n <pre> b</pre>") == "<pre> a</pre>\n<pre> b</pre>"


def test_no_key_holds_the_host_so_two_allowed_ones_share_an_entry(
    site: Client, drawn: list[str]
) -> None:
    pages = [site.get(LIST, headers={"Host": host}) for host in ("testserver", "localhost:8000")]
    assert [page.status_code for page in pages] == [200, 200]
    assert mask(pages[0].content.decode()) == mask(pages[1].content.decode())
    assert drawn == ["providers/list.html"]


def counters() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cache")
        return {key for (key,) in cursor.fetchall()}


def test_a_refused_host_leaves_no_row_in_the_cache_and_two_allowed_ones_are_counted_in_one(
    client: Client, owner: Any
) -> None:
    data = {"login": owner.username, "password": f"not {PASSWORD}"}
    before = counters()
    for host in ("evil.example", "a" * 300, "[::1"):
        answer = client.post("/accounts/login/", data, headers={"Host": host})
        assert answer.status_code == 400
    assert counters() == before
    client.post("/accounts/login/", data)
    counted = counters()
    assert counted > before
    client.post("/accounts/login/", data, headers={"Host": "localhost:8000"})
    assert counters() == counted

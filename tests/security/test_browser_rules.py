"""What a browser is told on every page of the site, measured by the rules of Mozilla's Observatory.

Rules and points as published at
https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring, applied without a network.
"""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.conftest import signed_in
from tests.desk import saved
from tests.processes import ROOT
from tests.security.addresses import concrete, table

pytestmark = [pytest.mark.alike, pytest.mark.battery, pytest.mark.django_db]

HTTPS = {"secure": True, "HTTP_X_FORWARDED_PROTO": "https", "HTTP_HOST": "facio.example"}
INLINE = re.compile(
    r"<style|<script(?![^>]*\bsrc=)(?![^>]*application/json)|\sstyle\s*=|\son[a-z]+\s*=|javascript:"
    r"|hx-on|hx-vals=.js:|hx-vars|hx-trigger=\"[^\"]*\[",
    re.IGNORECASE,
)
FOREIGN = re.compile(r"<(?:script|link|img|iframe|form)[^>]*\b(?:src|href|action)=\"(?:https?:)?//")


@pytest.fixture
def public(settings: Any) -> None:
    """The settings of an installation with an https address, behind one proxy."""
    settings.ALLOWED_HOSTS = ["facio.example"]
    settings.SECURE_HSTS_SECONDS = 63_072_000
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True


def score(answer: Any) -> tuple[int, list[str]]:
    """Points of the Observatory, and the names of the rules that cost some."""
    lost: dict[str, int] = {}
    csp = {
        name: values
        for name, *values in (
            part.split() for part in answer.get("Content-Security-Policy", "").split(";") if part
        )
    }
    if not csp:
        lost["no policy"] = 25
    elif any("unsafe" in v or v in ("*", "data:") for v in csp.get("script-src", ["*"])):
        lost["unsafe scripts"] = 20
    elif any("unsafe" in value for value in csp.get("style-src", ["unsafe"])):
        lost["unsafe styles"] = 10
    for cookie in answer.cookies.values():
        if not cookie["secure"]:
            lost[f"cookie {cookie.key} in clear"] = 40
        if not cookie["httponly"] and "session" in cookie.key:
            lost[f"cookie {cookie.key} for scripts"] = 30
        if cookie["samesite"] not in ("Lax", "Strict"):
            lost[f"cookie {cookie.key} cross-site"] = 5
    if answer.get("Access-Control-Allow-Origin"):
        lost["cross-origin reads"] = 50
    age = re.match(r"max-age=(\d+)", answer.get("Strict-Transport-Security", ""))
    if not age or int(age[1]) < 15_768_000:
        lost["transport security"] = 20
    if answer.get("X-Content-Type-Options") != "nosniff":
        lost["sniffing"] = 5
    if csp.get("frame-ancestors") != ["'none'"] and answer.get("X-Frame-Options") != "DENY":
        lost["framing"] = 20
    if not answer.streaming and FOREIGN.search(answer.content.decode(errors="replace")):
        lost["foreign parts without integrity"] = 50
    points = 100 - sum(lost.values())
    if points >= 90:  # extra points count from here on
        points += 10 * (csp.get("default-src") == ["'none'"])
        points += 5 * (csp.get("frame-ancestors") == ["'none'"])
        points += 5 * (answer.get("Referrer-Policy") == "same-origin")
        points += 10 * (answer.get("Cross-Origin-Resource-Policy") == "same-origin")
    return points, list(lost)


def test_s60_every_answer_of_every_page_is_worth_an_a_plus(
    people: dict[str, Client], places: dict[str, str], public: None
) -> None:
    poor, pages = {}, 0
    for address in [*table(), "/no-such-page/"]:
        for role in ("stranger", "owner"):
            client = Client(raise_request_exception=False)
            client.cookies = people[role].cookies.copy()  # type: ignore[assignment]
            answer = client.get(concrete(address, places), **HTTPS)  # type: ignore[arg-type]
            pages += 1
            points, lost = score(answer)
            if points < 100:
                poor[f"{address} as {role}"] = lost
    assert pages > 150
    assert poor == {}


def test_the_rules_find_what_is_poor() -> None:
    bare = HttpResponse('<script src="https://cdn.example/x.js"></script>')
    bare.set_cookie("session", "x")
    points, lost = score(bare)
    assert points < 0
    assert len(lost) == 8


def test_s56_no_page_holds_inline_code_and_none_reaches_outside(
    people: dict[str, Client], places: dict[str, str]
) -> None:
    bad = {}
    for address in table():
        for role in ("stranger", "editor", "owner"):
            client = Client()
            client.cookies = people[role].cookies.copy()  # type: ignore[assignment]
            answer = client.get(concrete(address, places))
            if "html" not in answer.get("Content-Type", "") or answer.streaming:
                continue
            page = answer.content.decode()
            if found := INLINE.search(page) or FOREIGN.search(page):
                bad[f"{address} as {role}"] = found[0]
    assert bad == {}


@pytest.mark.parametrize(
    "page",
    [
        "<p style='x'>",
        "<script>1</script>",
        "<a href='javascript:x'>",
        "<p hx-on:click='x'>",
        '<p hx-trigger="click[x]">',
        "<p onclick='x'>",
    ],
)
def test_inline_code_would_be_found(page: str) -> None:
    assert INLINE.search(page)


def test_s57_htmx_is_configured_without_eval(site: Client) -> None:
    code = (ROOT / "static/app.js").read_text()
    configured = code[code.index("window.htmx?.config") :].partition("});")[0]
    for setting in (
        "allowEval: false",
        "includeIndicatorStyles: false",
        "historyCacheSize: 0",
        "selfRequestsOnly: true",
        "allowScriptTags: false",
    ):
        assert setting in configured
    scripts = re.findall(r'<script src="([^"]+)" defer>', site.get("/").content.decode())
    assert [one.split("/")[-1].split(".")[0] for one in scripts] == ["htmx-2", "app"]  # in turn


def test_s60_no_answer_names_software_or_opens_other_origins(site: Client) -> None:
    for path in ("/", "/healthz", "/admin/", "/accounts/login/", "/no-such-page/"):
        answer = site.get(path, headers={"Origin": "https://elsewhere.example"})
        names = {name.lower() for name in answer.headers}
        assert not names & {"server", "x-powered-by", "access-control-allow-origin"}
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in answer["Permissions-Policy"]


HOSTILE = '"><script>alert(1)</script><b hx-get="/x" hx-trigger="load">&amp;{{7*7}}'


def test_s58_hostile_text_is_shown_as_text(owner: Any) -> None:
    from facio_site.audit import record
    from providers.models import CatalogEntry, Provider
    from routing.models import Route

    row = saved(values={"extra_headers": ["X-A"]})
    CatalogEntry.objects.create(
        provider=row, model_id=HOSTILE[:300], name=HOSTILE, first_seen_at=row.updated_at
    )
    Provider.objects.update(catalog_at=row.updated_at, catalog_count=1)
    Route(slot="main", model=HOSTILE).store()
    record("provider.saved", actor=owner, target=HOSTILE)
    owner.username = "<b>o</b>"
    owner.save()
    client = signed_in(owner)
    pages = ["/", "/routing/", "/activity/", "/catalog/", "/providers/openrouter/", "/config/"]
    pages += ["/accounts/users/", "/routing/models/", "/admin/routing/route/", "/admin/"]
    pages += [f"/routing/?model={'%3Cscript%3E'}", "/providers/openrouter/?q=%3Cscript%3E"]
    for path in pages:
        answer = client.get(path)
        assert answer.status_code == 200
        page = answer.content.decode()
        assert "<script>alert" not in page, path
        assert '<b hx-get="/x"' not in page, path
        assert "<b>o</b>" not in page, path


def test_s13_no_call_is_made_by_a_get(site: Client) -> None:
    for path in ("check/", "catalog/"):
        assert site.get(f"/providers/openrouter/{path}").status_code == 405
    assert site.get("/providers/check/").status_code == 405

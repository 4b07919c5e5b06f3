"""Headers of every answer, page loads inside htmx, session limits, error pages."""

import re
import time
from urllib.parse import quote, urlencode

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse, HttpResponseRedirect
from django.test import Client
from django.urls import include, path

from facio_site.accounts.models import User
from facio_site.accounts.roles import editor_required, fresh_login_required, owner_required
from facio_site.web.middleware import CSP, HEADERS
from tests.facio_site.accounts.person import PASSWORD, sign_in

pytestmark = [
    pytest.mark.alike,
    pytest.mark.django_db,
    pytest.mark.urls(__name__),
    pytest.mark.battery,
]


def breaks(request):
    raise RuntimeError("secret detail")


def is_suspicious(request):
    raise SuspiciousOperation("secret detail")


def plain(request):
    return HttpResponse("seen")


def loose(request):
    return HttpResponse("seen", headers=dict.fromkeys(HEADERS, "anything"))


def moves(request):
    return HttpResponseRedirect(request.GET["to"])


urlpatterns = [
    path("", include("facio_site.urls")),
    path("breaks/", breaks),
    path("open-breaks/", login_not_required(breaks)),
    path("suspicious/", login_not_required(is_suspicious)),
    path("plain/", plain),
    path("moves/", moves),
    path("loose/", loose),
    path("edit/", editor_required(plain)),
    path("own/", owner_required(fresh_login_required(plain))),
]


@pytest.fixture
def page(client, owner):
    """A signed-in browser that gets the error page instead of the exception."""
    sign_in(client)
    client.raise_request_exception = False
    return client


def htmx(client, url, current="http://testserver/providers/?q=a", method="get"):
    headers = {"HX-Request": "true", "HX-Current-URL": current}
    return getattr(client, method)(url, headers=headers)


# Headers

EVERYWHERE = [
    ("/healthz", 200),
    ("/accounts/login/", 200),
    ("/accounts/", 302),
    ("/plain/", 302),
    ("/no-such-page/", 404),
    ("/suspicious/", 400),
    ("/open-breaks/", 500),
]


@pytest.mark.parametrize(("url", "status"), EVERYWHERE)
def test_s56_s60_every_answer_carries_the_headers(client, owner, url, status):
    client.raise_request_exception = False
    answer = client.get(url)
    assert answer.status_code == status
    assert answer["Content-Security-Policy"] == CSP
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in answer["Permissions-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize(("url", "status"), EVERYWHERE)
def test_each_of_these_headers_is_written_in_one_place(client, owner, settings, url, status):
    outermost = "facio_site.web.middleware.security_headers"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != outermost]
    client.raise_request_exception = False
    answer = client.get(url)
    assert answer.status_code == status
    assert not HEADERS.keys() & answer.headers.keys()


def test_s56_a_view_cannot_loosen_them(page):
    answer = page.get("/loose/")
    assert {name: answer[name] for name in HEADERS} == HEADERS


def test_s56_the_policy_is_exactly_this():
    assert CSP == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def test_s55_a_wrong_host_is_400_with_the_headers(client):
    answer = client.get("/accounts/login/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer["Content-Security-Policy"] == CSP


@pytest.mark.parametrize("url", ["/accounts/", "/admin/", "/plain/", "/accounts/2fa/"])
def test_s59_pages_of_a_signed_in_user_are_stored_nowhere(page, url):
    assert "no-store" in page.get(url)["Cache-Control"]


@pytest.mark.parametrize("url", ["/accounts/logout/", "/admin/logout/"])
def test_s59_sign_out_clears_the_browsers_store(page, url):
    answer = page.post(url)
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in Client().post(url)


def test_the_store_is_not_cleared_while_signed_in(page):
    assert "Clear-Site-Data" not in page.get("/plain/")


@pytest.mark.parametrize("url", ["/admin/", "/admin/audit/auditentry/", "/admin/accounts/user/"])
def test_s56_admin_pages_need_no_inline_code(page, url):
    html = page.get(url).content.decode()
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", html)
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL):
        assert "src=" in attributes or "application/json" in attributes
        assert "src=" not in attributes or not body.strip()


# Error pages


@pytest.mark.parametrize(
    ("url", "status", "sentence"),
    [
        ("/no-such-page/", 404, "no page at this address"),
        ("/breaks/", 500, "Something failed on the server"),
        ("/suspicious/", 400, "read this request"),
    ],
)
def test_an_error_page_is_ours_and_tells_no_detail(page, url, status, sentence):
    answer = page.get(url)
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert "app.css" in answer.content.decode()
    assert "secret detail" not in answer.content.decode()


def test_what_cannot_be_read_is_told_inside_the_page(client):
    answer = client.post("/suspicious/", headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#messages"
    assert "too large or damaged" in answer.content.decode()
    assert "secret detail" not in answer.content.decode()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [("/no-such-page/", "no longer there"), ("/open-breaks/", "Something failed here")],
)
def test_a_button_that_finds_nothing_or_fails_says_so_inside_the_page(client, url, sentence):
    client.raise_request_exception = False
    answer = client.post(url, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#messages"
    assert sentence in answer.content.decode()
    assert "secret detail" not in answer.content.decode()


def test_a_page_that_waits_by_itself_hears_of_a_failure_as_one(client):
    client.raise_request_exception = False
    assert htmx(client, "/open-breaks/").status_code == 500


def test_a_refused_role_gets_the_403_page(client, owner):
    client.force_login(User.objects.create_user("vic", password=PASSWORD))
    answer = client.get("/edit/")
    assert answer.status_code == 403
    assert "Ask an owner for access" in answer.content.decode()


def test_s54_a_post_without_its_token_is_refused_with_our_page(owner):
    strict = Client(enforce_csrf_checks=True)
    strict.get("/accounts/login/")  # which brings the cookie
    answer = strict.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()


def test_s54_a_post_from_another_origin_is_refused(owner):
    strict = Client(enforce_csrf_checks=True)
    token = re.search(
        r'csrfmiddlewaretoken" value="(\w+)"', strict.get("/accounts/login/").content.decode()
    )[1]
    data = {"login": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token}
    origin = {"Origin": "https://evil.example"}
    assert strict.post("/accounts/login/", data, headers=origin).status_code == 403
    assert strict.post("/accounts/login/", data).status_code == 302


# htmx


def test_s61_a_lost_session_inside_htmx_loads_the_sign_in_page(client, owner):
    answer = htmx(client, "/plain/", method="post")
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fproviders%2F%3Fq%3Da"
    assert b"<form" not in answer.content


@pytest.mark.parametrize(
    "current",
    [
        "",
        "https://evil.example/x",
        "//evil.example/x",
        "http://testserver@evil.example/",
        "javascript:alert(1)",
        "http://testserver:99999999/",
        "http://[broken",
        "\\\\evil.example",
    ],
)
def test_s61_only_a_page_of_ours_becomes_next(client, owner, current):
    answer = htmx(client, "/plain/", current)
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2F"


def encoded(client, url, current):
    """As htmx sends an address that no header holds as it is."""
    headers = {"HX-Current-URL": quote(current, safe=""), "HX-Current-URL-URI-AutoEncoded": "true"}
    return client.get(url, headers={"HX-Request": "true", **headers})


def test_a_page_with_letters_of_any_script_is_found_again(client, owner):
    answer = encoded(client, "/plain/", "http://testserver/providers/?q=ключ")
    assert answer["HX-Redirect"] == f"/accounts/login/?{urlencode({'next': '/providers/?q=ключ'})}"
    client.force_login(User.objects.create_user("vic", password=PASSWORD))
    answer = encoded(client, "/edit/", "http://testserver/providers/?q=ключ")
    assert answer["HX-Redirect"] == f"/providers/?q={quote('ключ')}"


@pytest.mark.parametrize(
    "current", ["http://evil.example/", "//evil.example/x", "http://testserver/\r\nSet-Cookie: a=b"]
)
def test_s61_what_htmx_encoded_is_judged_after_it_was_decoded(client, owner, current):
    client.force_login(User.objects.create_user("vic", password=PASSWORD))
    answer = encoded(client, "/edit/", current)
    assert answer["HX-Redirect"] in ("/", "/Set-Cookie:%20a=b")
    assert not answer.cookies.get("a")


def test_without_htmx_a_lost_session_is_a_plain_redirect(client, owner):
    answer = client.get("/plain/")
    assert (answer.status_code, answer.url) == (302, "/accounts/login/?next=/plain/")


def test_s61_a_missing_confirmation_inside_htmx_loads_its_page(page):
    answer = htmx(page, "/own/")
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/accounts/reauthenticate/?next=%2Fproviders%2F%3Fq%3Da"


def test_a_redirect_inside_htmx_becomes_a_page_load(page):
    answer = htmx(page, "/moves/?to=/providers/openai/%3Fa=1")
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/providers/openai/?a=1")
    assert answer.content == b""


def test_s61_a_foreign_address_never_gets_into_an_hx_header(page):
    answer = htmx(page, "/moves/?to=https://evil.example/")
    assert "HX-Redirect" not in answer
    assert answer.status_code == 302


def test_a_refusal_inside_htmx_reloads_the_page_with_a_message(client, owner):
    client.force_login(User.objects.create_user("vic", password=PASSWORD))
    answer = htmx(client, "/edit/")
    assert answer.status_code == 403
    assert answer["HX-Redirect"] == "/providers/?q=a"
    assert "the page was out of date" in client.get("/accounts/").content.decode()


# Session limits


def age(client, **changes):
    session = client.session
    session.update(changes)
    session.save()


def test_s52_a_session_ends_after_seven_days_however_busy(page, settings):
    assert settings.SESSION_ABSOLUTE_AGE == 7 * 24 * 3600
    age(page, session_began=time.time() - settings.SESSION_ABSOLUTE_AGE - 1)
    answer = page.get("/plain/")
    assert answer.status_code == 302
    assert answer["Clear-Site-Data"]


def test_s52_a_session_just_below_seven_days_lives(page, settings):
    age(page, session_began=time.time() - settings.SESSION_ABSOLUTE_AGE + 60)
    assert page.get("/plain/").status_code == 200


@pytest.mark.parametrize("stamp", [None, "yesterday"])
def test_s52_a_session_without_a_good_stamp_is_too_old(page, stamp):
    age(page, session_began=stamp)
    assert page.get("/plain/").status_code == 302


def test_s52_an_idle_session_ends_after_eight_hours(page, settings):
    assert settings.SESSION_COOKIE_AGE == 8 * 3600
    assert page.session.get_expiry_age() == settings.SESSION_COOKIE_AGE


def test_use_moves_the_idle_limit_on_but_not_at_every_request(page):
    answer = page.get("/plain/")
    assert not answer.cookies
    age(page, session_seen=time.time() - 301)
    answer = page.get("/plain/")
    assert [cookie["max-age"] for cookie in answer.cookies.values()] == [8 * 3600]


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client, owner):
    cookies = sign_in(client).cookies
    for cookie in cookies.values():
        assert cookie["httponly"], cookie
        assert cookie["samesite"] == "Lax", cookie


# Health


def test_healthz_answers_without_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert not answer.cookies


def test_healthz_is_for_reading(client):
    assert client.post("/healthz").status_code == 405

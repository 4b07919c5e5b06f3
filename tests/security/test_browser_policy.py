"""Every page of the site in a real browser, the admin's and the error pages too: nothing on any of
them breaks the content security policy."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.conftest import signed_in
from tests.desk import confirm
from tests.journeys.watch import Watch
from tests.routing.config.desk import hand_in, import_all
from tests.security.addresses import concrete, table

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def context(browser: Any, live_server: Any) -> Iterator[Any]:
    with browser.new_context(base_url=live_server.url) as context:
        yield context


@pytest.fixture
def page(context: Any) -> Any:
    return context.new_page()


@pytest.fixture
def watch(context: Any) -> Watch:
    return Watch(context)


def let_in(context: Any, client: Client, url: str) -> None:
    name = django_settings.SESSION_COOKIE_NAME
    value = client.cookies[name].value
    context.add_cookies([{"name": name, "value": value, "url": url}])


def pages(client: Client, places: dict[str, str]) -> Iterator[str]:
    """Addresses that answer this visitor with HTML, as a look by Django's client tells."""
    for address in table():
        path = concrete(address, places)
        answer = client.get(path)
        if "text/html" in answer.get("Content-Type", "") and answer.content:
            yield path


def broken(watch: Watch) -> list[str]:
    return [text for text in watch.complaints if "policy" in text or "Content Security" in text]


@pytest.mark.long
def test_s56_no_page_breaks_the_policy(
    page: Any, context: Any, live_server: Any, watch: Watch, people: Any, places: Any, owner: Any
) -> None:
    client = signed_in(owner)
    confirm(client)
    import_all(client, {"agents": {"defaults": {"model": "b/c"}}})  # leaves a version
    previewed = hand_in(client, {"tools": {"exec": {"enable": True}}}).request["PATH_INFO"]
    owner_pages = [*pages(client, places), previewed]
    assert sum(path.startswith("/admin/") for path in owner_pages) > 20
    assert {"/config/versions/1/", "/accounts/2fa/totp/activate/"} < set(owner_pages)
    let_in(context, client, live_server.url)
    for path in owner_pages:
        page.goto(path, wait_until="load")
    context.clear_cookies()
    for path in pages(Client(), places):
        page.goto(path, wait_until="load")
    assert broken(watch) == []


def test_s56_no_error_page_breaks_the_policy(
    page: Any,
    context: Any,
    live_server: Any,
    watch: Watch,
    people: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.core.exceptions import PermissionDenied, SuspiciousOperation
    from django.db import OperationalError

    let_in(context, people["owner"], live_server.url)
    seen = []
    faults = (RuntimeError, PermissionDenied, SuspiciousOperation, OperationalError)
    for fault in faults:

        def fails(*_args: Any, fault: Any = fault, **_kwargs: Any) -> None:
            raise fault

        monkeypatch.setattr("routing.pages.routes.provider_rows", fails)
        seen.append(page.goto("/").status)
    for path in ("/no-such-page/", "/admin/no-such-page", "/providers/nothing/"):
        seen.append(page.goto(path).status)
    assert sorted(set(seen)) == [400, 403, 404, 500, 503]
    assert broken(watch) == []


def test_a_broken_policy_would_be_heard(page: Any, watch: Watch, owner: Any) -> None:
    page.goto("/accounts/login/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')")
    page.wait_for_timeout(200)
    assert broken(watch)

"""What the site watches, in the admin: to be looked at, and without what is secret."""

from datetime import UTC, datetime, time

import pytest
from django.test import Client

from routing.models import Alert, Channel, Watch, WatchSettings

pytestmark = [pytest.mark.alike, pytest.mark.django_db]
SECRET = "whsec-0123456789abcdef"


def test_s31_nothing_of_a_channel_s_address_or_secrets_is_shown(site: Client) -> None:
    channel = Channel(
        name="Team chat", kind="slack", values={"url": "https://chat.example/abc/9f8e7d"}
    )
    channel.seal("token", SECRET, hint="cdef")
    channel.save()
    pages = ["/admin/routing/channel/", f"/admin/routing/channel/{channel.pk}/change/"]
    html = "".join(site.get(path).content.decode() for path in pages)
    assert html.count("Team chat") >= 2
    for secret in (SECRET, "cdef", "9f8e7d", channel.sealed["token"]["box"]):
        assert secret not in html


def test_what_is_watched_and_told_can_be_looked_at_and_not_changed(site: Client) -> None:
    Watch.objects.create(about="provider:groq", every=60)
    WatchSettings.objects.create(pk=WatchSettings.ONLY, zone="Europe/Berlin")
    alert = Alert.objects.create(kind="fails", about="provider:groq", mark="one")
    for path, words in (
        ("watch/provider_3Agroq", "Every hour"),
        (f"watchsettings/{WatchSettings.ONLY}", "Europe/Berlin"),
        (f"alert/{alert.pk}", "provider:groq"),
    ):
        page = site.get(f"/admin/routing/{path}/change/").content.decode()
        assert words in page, path
        assert 'name="_save"' not in page
        assert site.post(f"/admin/routing/{path}/change/", {"every": "15"}).status_code == 403
    assert Watch.objects.get().every == 60


def test_the_next_check_is_told_as_it_comes(site: Client) -> None:
    """Not of what is off, nor in the quiet hours."""
    at = datetime(2030, 1, 1, 12, tzinfo=UTC)
    Watch.objects.create(about="provider:groq", every=60, due_at=at)
    Watch.objects.create(about="route:main", every=0, due_at=at.replace(year=2031))
    rules = WatchSettings(pk=WatchSettings.ONLY, quiet_from=time(11), quiet_until=time(15))
    rules.save()
    html = site.get("/admin/routing/watch/").content.decode()
    assert "Jan. 1, 2030, 3 p.m." in html
    assert "2031" not in html
    rules.is_on = False
    rules.save()
    assert "2030" not in site.get("/admin/routing/watch/").content.decode()

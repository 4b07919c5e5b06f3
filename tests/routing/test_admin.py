"""What the site watches, in the admin: to be looked at, and without what is secret."""

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

"""What a person does with an account, done by Django's client."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse

from facio_site import sealing
from facio_site.accounts import adapters

PASSWORD = "correct horse battery"
OTHER_PASSWORD = "staple in the evening"


def sign_in(client, username="ada", password=PASSWORD, **extra):
    return client.post(reverse("account_login"), {"login": username, "password": password}, **extra)


def confirm(client, password=PASSWORD):
    return client.post(reverse("account_reauthenticate"), {"password": password})


def setup_token(capsys, *words):
    call_command("setup_link", *words)
    return capsys.readouterr().out.strip().partition("?token=")[2]


def form_data(username="ada", password=PASSWORD):
    return {"username": username, "password1": password, "password2": password}


def change_password(client):
    return client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": OTHER_PASSWORD, "password2": OTHER_PASSWORD},
    )


def code_of(user):
    secret = seed_of(user, "secret")
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def seed_of(user, name):
    data = Authenticator.objects.exclude(**{f"data__{name}": None}).get(user=user).data
    return sealing.unseal(adapters.PURPOSE, adapters.place_of(user.pk), data[name])


def add_totp(client, user):
    """Through the pages: confirm, take the secret from the page, enter a code."""
    confirm(client)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    answer = client.post(reverse("mfa_activate_totp"), {"code": code})
    assert answer.status_code == 302
    cache.clear()  # a used code is remembered for its period
    return secret


def forged(number):
    """What an attacker may claim to be."""
    return {"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.{number}", "Forwarded": "for=[::1]"}

"""What each kind's form asks for, and how bad input is told."""

import re
from typing import Any

import pytest
from django.test import Client

from providers.forms.provider import ProviderForm
from providers.kinds import KINDS
from providers.models import Provider
from providers.spec.masks import DOTS
from tests.desk import KEY
from tests.markup import flat

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def form(kind: str, **data: Any) -> ProviderForm:
    return ProviderForm(Provider.for_name(kind), data)


def save(kind: str, **data: Any) -> Provider:
    bound = form(kind, **data)
    assert bound.is_valid(), bound.errors
    bound.apply(bound.provider)
    bound.provider.store()
    row: Provider = Provider.objects.get(kind=kind)
    return row


@pytest.mark.parametrize("kind", [k for k, s in KINDS.items() if not s.is_oauth])
def test_every_kind_has_a_key_field_and_no_secret_in_its_html(kind: str) -> None:
    html = str(ProviderForm(Provider.for_name(kind)))
    assert 'name="api_key"' in html
    assert 'type="password"' in html


def test_a_hosted_kind_needs_its_key() -> None:
    assert "api_key" in form("groq").errors
    assert not form("ollama").errors


def test_azure_asks_for_endpoint_and_deployment() -> None:
    fields = ProviderForm(Provider(kind="azure_openai")).fields
    assert str(fields["api_base"].label) == "Endpoint"
    assert str(fields["deployments"].label) == "Deployment name"
    errors = form("azure_openai", api_key="0" * 32).errors
    assert {"api_base", "deployments"} <= set(errors)


@pytest.mark.parametrize("path", ["/providers/groq/", "/providers/vllm/", "/providers/new/"])
def test_the_address_is_called_a_base_url_too(site: Client, path: str) -> None:
    assert re.search(r'id="id_api_base_helptext">[^<]*base URL', flat(site.get(path)))
    site.cookies["language"] = "de"
    assert re.search(r'id="id_api_base_helptext">[^<]*Basis-URL', flat(site.get(path)))


@pytest.mark.parametrize("kind", ["azure_openai", "bedrock"])
def test_a_vendor_s_own_word_is_no_other(site: Client, kind: str) -> None:
    assert "id_api_base_helptext" not in flat(site.get(f"/providers/{kind}/"))


def test_a_pasted_azure_target_uri_fills_endpoint_and_deployment() -> None:
    uri = (
        "https://demo.openai.azure.com/openai/deployments/gpt-prod/chat/completions"
        "?api-version=2024-10-21"
    )
    row = save("azure_openai", api_base=uri, api_key="0" * 32)
    assert row.api_base == "https://demo.openai.azure.com"
    assert row.values["deployments"] == ["gpt-prod"]


def test_bedrock_asks_for_region_and_one_way_to_sign_in() -> None:
    assert {"region", "api_key"} <= set(form("bedrock").errors)
    assert not form("bedrock", region="us-east-1", api_key="ABSK" + "x" * 40).errors
    half = form("bedrock", region="us-east-1", access_key_id="AKIA0123456789ABCDEF")
    assert "secret_access_key" in half.errors
    both = form(
        "bedrock",
        region="us-east-1",
        access_key_id="AKIA0123456789ABCDEF",
        secret_access_key="s" * 40,
    )
    assert not both.errors


@pytest.mark.parametrize("region", ["foo", "us_east_1", "${REGION}", "us-east-1.example.com"])
def test_what_is_no_region_is_refused(region: str) -> None:
    errors = form("bedrock", region=region, api_key="ABSK" + "x" * 40).errors
    assert errors == {"region": ["This must look like us-east-1."]}


def test_a_region_is_kept_in_small_letters() -> None:
    assert save("bedrock", region=" EU-West-1 ", api_key="ABSK" + "x" * 40).values == {
        "region": "eu-west-1"
    }


def test_a_blank_secret_keeps_the_stored_one_and_clear_removes_it() -> None:
    save("openrouter", api_key=KEY)
    row = save("openrouter", api_key="", api_base="https://openrouter.ai/x/v1")
    assert "api_key" in row.sealed
    row = save("ollama", api_key=KEY)
    row = save("ollama", clear_api_key="on")
    assert "api_key" not in row.sealed


def test_a_mask_that_comes_back_keeps_the_stored_key() -> None:
    save("openrouter", api_key=KEY)
    row = save("openrouter", api_key="***")
    secret = row.open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == KEY


def test_s20_a_new_origin_without_the_key_is_asked_for_at_the_key() -> None:
    save("openrouter", api_key=KEY)
    errors = form("openrouter", api_base="https://evil.example/v1").errors
    assert "address has changed" in errors["api_key"][0]


@pytest.mark.parametrize(
    "base",
    [
        "not a url",
        "https://host:99999/v1",
        "https://user:pw@host.example/v1",
        "ftp://host.example",
        "https://host.example/v1?key=1",
        "https://[bad/v1",
        "https://host.example/a\\b",
        "http://127.1/v1",
    ],
)
def test_a_bad_base_is_told_at_its_field(base: str) -> None:
    errors = form("custom", api_base=base).errors
    assert len(errors["api_base"][0]) > 10


@pytest.mark.parametrize("key", ["sk-abc\ndef", "sk-“quoted”", "sk-abc def", "sk-\x00x"])
def test_a_key_that_cannot_be_sent_is_told_at_its_field(key: str) -> None:
    bound = form("groq", api_key=key)
    assert "api_key" in bound.errors
    assert key not in str(bound.errors)


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("gsk_good•••••••", "masked"),
        ("gsk_****abcd", "masked"),
        ("$GROQ_API_KEY", "variable"),
        ("{{ GROQ_API_KEY }}", "variable"),
        ("GROQ_API_KEY=%GROQ_API_KEY%", "variable"),
        ("gsk_\u200bgood", "place 5 (U+200B zero width space)"),
        ("gsk－good", "Write - there"),
        ('gsk_a"b', "quotation mark at place 6"),
        ("gsk_ключ", "place 5"),
    ],
)
def test_what_is_wrong_with_a_key_is_named(key: str, word: str) -> None:
    (error,) = form("groq", api_key=key).errors["api_key"]
    assert word in error
    assert key not in error


@pytest.mark.parametrize(
    ("base", "word"),
    [
        ("https：//llm.example.com/v1", "Write : there"),
        ("https://llm。example.com/v1", "place 12"),
        ("https://llm.exa\u200bmple.com/v1", "U+200B zero width space"),
        ("https://пример.example/v1", "xn--"),
    ],
)
def test_what_is_wrong_with_an_address_is_named(base: str, word: str) -> None:
    (error,) = form("custom", api_base=base).errors["api_base"]
    assert word in error


def test_what_no_eye_sees_around_an_address_is_cut() -> None:
    for around in ("\u200b", "\ufeff", "\u00a0", "\u2060 ", "\u00ad", "\u3000"):
        row = save("custom", api_base=f"{around}https://llm.example.com/v1{around}")
        assert row.api_base == "https://llm.example.com/v1"


@pytest.mark.parametrize(
    "key",
    [
        *("  gsk_good  ", '"gsk_good"', "Bearer gsk_good", '"gsk_good",', "\u200bgsk_good\ufeff"),
        *("GROQ_API_KEY=gsk_good;", '"apiKey": "gsk_good"', "gsk_good'"),
    ],
)
def test_blanks_quotes_and_bearer_around_a_key_are_cut(key: str) -> None:
    row = save("groq", api_key=key)
    secret = row.open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == "gsk_good"


@pytest.mark.parametrize(
    "headers",
    [
        "no colon",
        "Host: x",
        "X-A: 1\nx-a: 2",
        "X-Big: " + "v" * 5000,
        "X Y: 1",
        "X-Bad: sn\x00w",
        "\n".join(f"X-{n}: v" for n in range(21)),
        f"X-New: {DOTS}",
    ],
)
def test_bad_headers_are_told_at_their_field(headers: str) -> None:
    assert "extra_headers" in form("openai", api_key="sk-1", extra_headers=headers).errors


def test_headers_are_masked_and_a_mask_keeps_each_value() -> None:
    save("openai", api_key="sk-1", extra_headers="X-Team: indigo\nX-Cost: 42")
    row = Provider.objects.get(kind="openai")
    html = str(ProviderForm(row))
    assert "indigo" not in html
    assert f"X-Team: {DOTS}" in html
    row = save("openai", extra_headers=f"X-Team: {DOTS}\nX-Cost: 43")
    assert row.open_mapping("extra_headers") == {"X-Team": "indigo", "X-Cost": "43"}


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[1]",
        '{"model": "x"}',
        '{"stream": true}',
        '{"api_key": "x"}',
        '{"a": NaN}',
        "[" * 50_000,
        '{"a":' * 100 + "1" + "}" * 100,
        '{"a": "' + "x" * 70_000 + '"}',
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_a_bad_extra_body_is_told_at_its_field(body: str) -> None:
    assert "extra_body" in form("openai", api_key="sk-1", extra_body=body).errors


def test_the_extra_body_is_masked_and_a_mask_keeps_each_value() -> None:
    save("openai", api_key="sk-1", extra_body='{"user": "secret-user", "seed": 7}')
    row = Provider.objects.get(kind="openai")
    assert "secret-user" not in str(ProviderForm(row))
    row = save("openai", extra_body=f'{{"user": "{DOTS}", "seed": 8}}')
    assert row.open_mapping("extra_body") == {"user": "secret-user", "seed": 8}


def test_apply_names_what_changed_and_nothing_else() -> None:
    save("openrouter", api_key=KEY)
    bound = form("openrouter", api_base="https://openrouter.ai/x/v1")
    assert bound.is_valid()
    assert bound.apply(bound.provider) == ["api_base"]


@pytest.mark.parametrize(
    ("kind", "unsent"),
    [
        ("anthropic", {"extra_body"}),
        ("azure_openai", {"extra_headers", "extra_body"}),
        ("groq", set()),
    ],
)
def test_what_the_agents_client_leaves_out_is_said_at_its_field(
    kind: str, unsent: set[str]
) -> None:
    form = ProviderForm(Provider(kind=kind))
    said = {name for name, field in form.fields.items() if "not to send it" in str(field.help_text)}
    assert said == unsent

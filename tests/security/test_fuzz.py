"""Whatever is typed, pasted, uploaded or put into an address: an answer, never a fault of ours.

The grammars have their own (tests/providers/http/test_urls.py and test_headers.py,
tests/routing/config/test_document.py); here whole forms and pages are asked. A crash that was found
stands by its name below.

The gate tries the same values each time. To draw new ones:
`FUZZ=free .venv/bin/python -m pytest tests/security/test_fuzz.py`.
"""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facio_site.strictjson import BadDocument, read_json
from providers.forms.provider import ProviderForm
from providers.kinds import KINDS
from providers.models import BODY, Provider
from tests import IS_FREE, stores
from tests.desk import KEY, confirm
from tests.security.addresses import concrete, table

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.lane]

QUICK = settings(
    # On PostgreSQL it is the store that is new.
    max_examples=1_000 if IS_FREE else 15 if stores.IS_POSTGRES else 60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NASTY = st.sampled_from(
    [
        *("", " ", "\0", "a\0b", "\ud800", "\u202e", "\r\nX-A: b", "${HOME}", "${credentials.x}"),
        *(
            "../../etc/passwd",
            "%00",
            "%2e%2e",
            "'\"><script>",
            "{{7*7}}",
            "{% load x %}",
            "🙂" * 50,
        ),
        *(
            "9" * 5000,
            "-1",
            "1e999",
            "NaN",
            "null",
            "true",
            "[]",
            "{}",
            '{"a": {"a": 1}}',
            "[" * 40,
        ),
        *("http://[", "http://127.0.0.1:99999", "https://user:pw@a.example", "https://ⓐ.example"),
        *("Bearer ", "••••••••", "***", "X-A: b\nX-A: c", "Host: x", ": x", "a" * 9000, "auto"),
        *("0", "1", "main", "openrouter", "2026-13-45", "2999-01-01", "__class__", "id__in"),
    ]
)
TEXT = NASTY | st.text(max_size=40) | st.text(alphabet=" \t\r\n:/@?#[]{}%\\.-x0", max_size=30)
POSTED = TEXT.filter(lambda text: text.encode(errors="ignore").decode() == text)  # by a browser
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", [kind for kind, spec in KINDS.items() if not spec.is_oauth])
@given(data=st.data())
@settings(QUICK, max_examples=25)
def test_any_values_of_a_provider_are_taken_or_told_at_a_field(kind: str, data: Any) -> None:
    provider = Provider(kind=kind)
    names = [*ProviderForm(provider).fields]
    typed = {name: data.draw(TEXT, label=name) for name in names}
    form = ProviderForm(provider, typed)
    if not form.is_valid():
        assert form.errors
        return
    form.apply(provider)
    assert provider.adapter().origins()
    key = form.cleaned_data.get("api_key")
    elsewhere = "".join(typed[name] for name in names if name != "api_key")
    if key and len(key) > 8 and key not in elsewhere:
        assert key not in repr(provider.sealed) + repr(provider.values) + form.as_p()


@given(body=JSON, header=TEXT, value=TEXT)
@QUICK
def test_s10_s11_extra_headers_and_body_never_reach_what_is_ours(
    body: Any, header: str, value: str
) -> None:
    try:
        text = json.dumps(body)
    except ValueError:
        return
    typed = {
        "api_key": KEY,
        "api_base": "",
        "extra_headers": f"{header}: {value}",
        "extra_body": text,
    }
    form = ProviderForm(Provider(kind="openrouter"), typed)
    if not form.is_valid():
        return
    forbidden = {"model", "messages", "stream", "base_url"}
    assert not forbidden & set(form.cleaned_data["extra_body"])
    for name in form.cleaned_data["extra_headers"]:
        assert name.lower() not in ("host", "content-length", "cookie", "accept-encoding")
        assert not name.lower().startswith(("proxy-", "x-forwarded-", "metadata"))
    entry = Provider(kind="openrouter")
    form.apply(entry)
    json.dumps(entry.open_mapping(BODY), allow_nan=False)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('{"a": 1e999}', "a is not a number that JSON can hold, or has too many digits."),
        ('{"a": "\\ud800"}', "a holds a NUL or half of a character pair."),
        ('{"\\u0000": 1}', "? holds a NUL or half of a character pair."),
        ("[" * 99, "Line 1: nested more than 32 levels deep."),
        ('{"a": 1, "a": 2}', "a is there twice in the same object."),
        ('{\n"a": 1,}', "Line 2, column 7: a comma too many."),
        ("[1]", "The top level must be a JSON object, in curly brackets."),
    ],
)
def test_s11_an_extra_body_that_no_agent_could_read_is_refused_with_its_place(
    body: str, sentence: str
) -> None:
    form = ProviderForm(Provider(kind="openrouter"), {"api_key": "k" * 20, "extra_body": body})
    assert form.errors["extra_body"] == [sentence]


@given(document=JSON)
@QUICK
def test_s40_a_json_text_is_read_or_refused_with_a_sentence(document: Any) -> None:
    sentence = "read."
    try:
        assert isinstance(read_json(json.dumps(document).encode()), dict)
    except BadDocument as refused:
        sentence = str(refused)
    assert sentence.endswith(".")


def upload(site: Client, content: bytes, **fields: str) -> Any:
    file = SimpleUploadedFile("config.json", content)
    return site.post("/config/import/", {"file": file, **fields})


PIECES = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b'"', b":", b",", b'"providers"', b'"apiKey"', b'"agents"'),
        *(b"null", b"1", b"\xff", b"\x00", b"\n", b"A=b", b"OPENAI_API_KEY=sk-x", b"curl ", b"-H "),
        *(b"'Authorization: Bearer x'", b"https://api.openai.com/v1", b"export ", b"\xef\xbb\xbf"),
    ]
)


@given(content=st.lists(PIECES, max_size=14).map(b"".join) | st.binary(max_size=60))
@QUICK
def test_s40_any_upload_is_previewed_or_refused(content: bytes, site: Client) -> None:
    answer = upload(site, content)
    assert answer.status_code in (302, 422)
    if answer.status_code == 302:
        assert site.get(answer.url).status_code in (200, 302, 422)
    assert not Provider.objects.exists()


@given(document=st.fixed_dictionaries({"providers": JSON, "agents": JSON, "tools": JSON}))
@QUICK
def test_s40_any_document_of_the_right_outline_is_previewed_or_refused(
    document: Any, site: Client
) -> None:
    try:
        content = json.dumps(document, allow_nan=False).encode()
    except ValueError:
        return
    answer = upload(site, content)
    if answer.status_code == 302:
        assert site.get(answer.url).status_code in (200, 302, 422)
    else:
        assert answer.status_code == 422


ASKED = [
    *("q", "page", "actor", "action", "target", "since", "until", "secrets", "model", "provider"),
    *("without", "recipe", "slot", "main-model", "main-provider", "w", "next", "token", "e", "o"),
    *("sort", "kind", "limit", "offset", "p", "_facets", "role", "test_model", "about"),
]


@pytest.mark.parametrize("value", ["\0", "\ud800", "a\0b", "9" * 400, "-1", "__x", "🙂", "%", "'"])
def test_s62_no_value_in_an_address_is_a_fault(
    value: str, people: dict[str, Client], places: dict[str, str]
) -> None:
    query = urlencode(dict.fromkeys(ASKED, value), errors="surrogatepass")
    faults = []
    for address, methods in table().items():
        if methods["GET"][3] != 200:
            continue
        client = Client(raise_request_exception=False)
        client.cookies = people["owner"].cookies.copy()  # type: ignore[assignment]
        answer = client.get(f"{concrete(address, places)}?{query}")
        if answer.status_code >= 500:
            faults.append(address)
    assert faults == [address for address in faults if address == "/readyz"]


@pytest.mark.parametrize("value", ["\0", "a\0b", "9" * 400, "%", "_'"])
@pytest.mark.parametrize(
    "address",
    [
        "/routing/models/?only=openrouter&test_model={}",
        "/providers/openrouter/models/?q={}",
        "/routing/models/?slot=main&main-model={}",
        "/routing/models/?slot=main&main-provider=openrouter&main-model={}",
    ],
)
def test_s62_no_searched_name_is_a_fault(
    address: str, value: str, site: Client, places: dict[str, str]
) -> None:
    assert site.get(address.format(quote(value))).status_code == 200


@pytest.mark.parametrize("value", ["\0", "a\0b", "9" * 400, "${HOME}", "🙂"])
def test_s62_no_model_to_try_is_a_fault(value: str, site: Client, places: dict[str, str]) -> None:
    """In a form that is valid otherwise."""
    answer = site.post("/providers/openrouter/check/", {"test_model": value})
    assert answer.status_code == 302


@given(fields=st.dictionaries(st.sampled_from(["main-model", "main-provider", "version"]), POSTED))
@QUICK
def test_s62_any_routes_are_saved_or_told_at_a_field(fields: dict[str, str], site: Client) -> None:
    given = {f"{slot}-provider": "auto" for slot in ("subagent", "vision", "image", "video")}
    answer = site.post("/routing/", {**given, **fields})
    assert answer.status_code in (302, 409, 422)


FORM = "application/x-www-form-urlencoded"
POSTED_NAMES = [
    *("api_key", "api_base", "extra_headers", "extra_body", "deployments", "region", "profile"),
    *("access_key_id", "secret_access_key", "session_token", "version", "test_model", "fix"),
    *("value", "main-model", "main-provider", "main-version", "model", "provider", "text", "how"),
    *(
        "kind",
        "consent",
        "drop_keys",
        "all",
        "token",
        "secrets",
        "what",
        "side:agents",
        "role",
        "w",
    ),
    *("login", "password", "code", "credential", "oldpassword", "password1", "password2", "name"),
    *("language", "next", "action", "_selected_action", "username", "q", "status", "sort"),
]


@pytest.mark.parametrize(
    "value",
    [
        "\0",
        "\ud800",
        *(pytest.param(text, marks=pytest.mark.alike) for text in ("9" * 5000, "[" * 99, "🙂")),
        *(pytest.param(text, marks=pytest.mark.long) for text in ("a\0b", "-1", "{}")),
    ],
)
def test_s62_no_value_in_a_form_is_a_fault(
    value: str, people: dict[str, Client], places: dict[str, str], owner: Any
) -> None:
    """Each form of the site gets it in every field that any of them has."""
    body = urlencode(dict.fromkeys(POSTED_NAMES, value), errors="surrogatepass")
    faults = {}
    confirm(people["owner"])
    for address, methods in table().items():
        if methods["POST"][3] in (404, 405):
            continue
        for role in ("stranger", "owner"):
            client = Client(raise_request_exception=False)
            client.cookies = people[role].cookies.copy()  # type: ignore[assignment]
            with transaction.atomic():
                answer = client.post(
                    concrete(address, places),
                    body,
                    content_type="application/x-www-form-urlencoded",
                )
                transaction.set_rollback(True)
            if answer.status_code >= 500:
                faults[f"{address} as {role}"] = answer.status_code
    assert faults == {}


BROKEN = st.sampled_from(
    [*("[" * 90_000, "9" * 5000, '{"a": 1e999}', "null", "[]", '"x"', "-1", "{" * 500, "\0")]
)
PART = JSON | st.sampled_from(["AA", "AAAA", "_-_-", "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0", "MQ", "é"])
CREDENTIAL = st.fixed_dictionaries(
    {
        "id": PART,
        "rawId": PART,
        "type": st.just("public-key") | PART,
        "response": st.fixed_dictionaries(
            {"clientDataJSON": PART, "userHandle": PART, "signature": PART},
            optional={"authenticatorData": PART, "attestationObject": PART},
        )
        | PART,
    },
    optional={"clientExtensionResults": PART, "authenticatorAttachment": PART},
)


@given(text=BROKEN | (CREDENTIAL | JSON).map(lambda value: json.dumps(value)))
@QUICK
def test_s50_any_credential_is_refused(text: str, owner: Any, site: Client) -> None:
    cache.clear()
    stranger = Client()
    stranger.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"})
    assert stranger.post("/accounts/2fa/webauthn/login/", {"credential": text}).status_code == 302
    assert "_auth_user_id" not in stranger.session
    confirm(site)
    site.get("/accounts/2fa/webauthn/add/")
    answer = site.post("/accounts/2fa/webauthn/add/", {"credential": text})
    assert answer.status_code == 422
    assert not Authenticator.objects.exists()


# Crashes that were found, by name


@pytest.mark.parametrize("text", ["9" * 5000, "[" * 90_000])
def test_crash_a_passkey_credential_that_pythons_json_reader_gives_up_on(
    text: str, owner: Any
) -> None:
    answer = Client().post("/accounts/2fa/webauthn/login/", {"credential": text})
    assert answer.status_code == 302


def test_crash_a_nul_in_the_filter_of_activities_is_passed_over(site: Client) -> None:
    """PostgreSQL takes none in a text."""
    for path in ("/activity/", "/activity/export/"):
        answer = site.get(path, {"target": "open\0router", "actor": "\0", "action": "\0"})
        assert answer.status_code == 200
        assert b"".join(answer) is not None

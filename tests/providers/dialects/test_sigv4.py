"""Our signature against botocore's, which is a dev dependency for this test alone."""

from datetime import UTC, datetime, timedelta, timezone
from unittest import mock
from urllib.parse import quote

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.dialects.sigv4 import sign
from providers.spec.secret import Secret
from tests.providers.replies import revealed

NOW = datetime(2026, 11, 22, 9, 8, 7, tzinfo=UTC)

plain = st.text("abcXYZ0189-._~ :/+=%&é", min_size=1, max_size=12)
segments = st.lists(plain.map(lambda text: quote(text, safe="")), max_size=5)
queries = st.lists(st.tuples(plain, plain), max_size=4)
keys = st.text("ABCabc0123456789/+", min_size=4, max_size=60)


def theirs(
    *,
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
    credentials: Credentials,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    with mock.patch.object(auth, "get_current_datetime", return_value=now.replace(tzinfo=None)):
        auth.SigV4Auth(credentials, service, region).add_auth(request)
    return dict(request.headers.items())


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST"]),
    host=st.sampled_from(
        ["bedrock.us-east-1.amazonaws.com", "proxy.example:8443", "proxy.example:443", "[::1]:99"]
    ),
    path=segments,
    ends_in_slash=st.booleans(),
    query=queries,
    body=st.binary(max_size=40),
    key=keys,
    token=st.none() | keys,
    region=st.sampled_from(["us-east-1", "cn-north-1"]),
    header=st.sampled_from(["application/json", "  spaced   out  ", "x"]),
)
def test_every_signature_is_the_one_botocore_makes(
    method: str,
    host: str,
    path: list[str],
    ends_in_slash: bool,
    query: list[tuple[str, str]],
    body: bytes,
    key: str,
    token: str | None,
    region: str,
    header: str,
) -> None:
    url = f"https://{host}/{'/'.join(path)}{'/' if ends_in_slash and path else ''}"
    if query:
        safe = "-_.~"
        url += "?" + "&".join(f"{quote(k, safe=safe)}={quote(v, safe=safe)}" for k, v in query)
    headers = {"Content-Type": header, "User-Agent": "not signed"}
    expected = theirs(
        method=method,
        url=url,
        headers=dict(headers),
        body=body,
        credentials=Credentials("AKIDEXAMPLE", key, token),
        region=region,
        service="bedrock",
        now=NOW,
    )
    added = sign(
        method=method,
        url=url,
        headers=headers,
        body=body,
        access_key_id="AKIDEXAMPLE",
        secret_access_key=Secret(key),
        session_token=Secret(token) if token else None,
        region=region,
        service="bedrock",
        now=NOW,
    )
    assert {**headers, **revealed(added)} == expected


@pytest.mark.parametrize(
    "path",
    [
        "/model/anthropic.claude-v2%3A1/converse",
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fp/converse",
        "/a/../b/./c//d/",
        "",
    ],
)
def test_odd_paths_are_signed_as_botocore_signs_them(path: str) -> None:
    url = f"https://bedrock-runtime.us-east-1.amazonaws.com{path}"
    expected = theirs(
        method="POST",
        url=url,
        headers={},
        body=b"{}",
        credentials=Credentials("AKID", "secret"),
        region="us-east-1",
        service="bedrock",
        now=NOW,
    )
    added = sign(
        method="POST",
        url=url,
        headers={},
        body=b"{}",
        access_key_id="AKID",
        secret_access_key=Secret("secret"),
        region="us-east-1",
        service="bedrock",
        now=NOW,
    )
    assert revealed(added)["Authorization"] == expected["Authorization"]


def test_the_date_is_utc_whatever_the_clock_says() -> None:
    def signed(now: datetime) -> dict[str, str]:
        return revealed(
            sign(
                method="GET",
                url="https://bedrock.eu-west-1.amazonaws.com/foundation-models",
                headers={},
                body=b"",
                access_key_id="AKID",
                secret_access_key=Secret("secret"),
                region="eu-west-1",
                service="bedrock",
                now=now,
            )
        )

    east = NOW.astimezone(timezone(timedelta(hours=9)))
    assert signed(east) == signed(NOW)
    assert signed(NOW)["X-Amz-Date"] == "20261122T090807Z"


def test_what_is_added_does_not_print_the_signature_or_the_token() -> None:
    added = sign(
        method="GET",
        url="https://bedrock.eu-west-1.amazonaws.com/foundation-models",
        headers={},
        body=b"",
        access_key_id="AKID",
        secret_access_key=Secret("very-secret-key"),
        session_token=Secret("very-secret-token"),
        region="eu-west-1",
        service="bedrock",
        now=NOW,
    )
    assert "Signature" not in repr(added)
    assert "very-secret" not in repr(added)

"""The simulated Bedrock: signatures of botocore, regions, models, filters."""

import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.simulated.calls import BEDROCK, HI, RUNTIME, auth
from tests.simulators import Simulators
from tests.simulators.client import fetch
from tests.simulators.entries import demo_key
from tests.simulators.kinds import bedrock
from tests.simulators.sigv4 import SECRET, SESSION_TOKEN


def signed(
    url: str,
    key_id: str = "AKIADEMOGOOD00000000",
    secret: str = SECRET,
    token: str | None = None,
    body: Any = None,
    service: str = "bedrock",
) -> tuple[dict[str, str], bytes | None]:
    """Headers of botocore's own signer."""
    raw = json.dumps(body).encode() if body is not None else None
    request = AWSRequest("POST" if raw else "GET", url, data=raw or b"")
    SigV4Auth(Credentials(key_id, secret, token), service, "us-east-1").add_auth(request)
    return dict(request.headers), raw


@pytest.mark.parametrize(
    "url",
    [
        f"{BEDROCK}/foundation-models",
        f"{BEDROCK}/foundation-models?byInferenceType=ON_DEMAND&byProvider=Mistral%20AI",
        f"{BEDROCK}/inference-profiles?type=SYSTEM_DEFINED&maxResults=1000",
        f"{BEDROCK}/~slow1/foundation-models",
        f"{BEDROCK}/foundation-model-availability/amazon.nova-lite-v1%3A0",
    ],
)
def test_botocores_signature_is_accepted(sims: Simulators, url: str) -> None:
    headers, _ = signed(url)
    assert fetch(sims, url, headers).status == 200


def test_botocores_signature_of_a_converse_call_is_accepted(sims: Simulators) -> None:
    url = f"{RUNTIME}/model/amazon.nova-lite-v1%3A0/converse"
    body = {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    headers, raw = signed(url, body=body)
    assert fetch(sims, url, headers, body=raw).data["stopReason"] == "max_tokens"


def test_temporary_credentials_need_their_token(sims: Simulators) -> None:
    url = f"{BEDROCK}/foundation-models"
    with_token, _ = signed(url, "ASIADEMOGOOD00000000", token=SESSION_TOKEN)
    without, _ = signed(url, "ASIADEMOGOOD00000000")
    assert fetch(sims, url, with_token).status == 200
    assert "UnrecognizedClientException" in fetch(sims, url, without).headers["x-amzn-errortype"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"secret": "wrong"}, "InvalidSignatureException"),
        ({"key_id": "AKIAUNKNOWN000000000"}, "UnrecognizedClientException"),
        ({"key_id": "AKIADEMOEXPIRED00000"}, "ExpiredTokenException"),
        ({"key_id": "AKIADEMONOLIST000000"}, "AccessDeniedException"),
        ({"service": "bedrock-runtime"}, "InvalidSignatureException"),
    ],
)
def test_a_wrong_signature_is_named(sims: Simulators, changes: dict[str, str], name: str) -> None:
    url = f"{BEDROCK}/foundation-models"
    headers, _ = signed(url, **changes)
    reply = fetch(sims, url, headers)
    assert reply.status == 403
    assert reply.headers["x-amzn-errortype"].startswith(f"{name}:")


def test_a_changed_body_or_query_breaks_the_signature(sims: Simulators) -> None:
    url = f"{BEDROCK}/foundation-models"
    headers, _ = signed(url)
    assert fetch(sims, f"{url}?byProvider=Amazon", headers).status == 403
    converse = f"{RUNTIME}/model/amazon.nova-lite-v1%3A0/converse"
    headers, _ = signed(converse, body={"messages": HI})
    assert fetch(sims, converse, headers, body={"messages": [*HI, *HI]}).status == 403


@pytest.mark.parametrize(
    ("word", "model", "status", "piece"),
    [
        ("nolist", "amazon.nova-lite-v1%3A0", 200, "stopReason"),
        ("good", "us.anthropic.claude-opus-4-7", 200, "stopReason"),
        ("good", "anthropic.claude-opus-4-7", 400, "on-demand throughput"),
        ("good", "nothing", 400, "model identifier is invalid"),
        ("noaccess", "amazon.nova-lite-v1%3A0", 403, "access to the model"),
        ("quota", "amazon.nova-lite-v1%3A0", 400, "quota"),
    ],
)
def test_converse_answers_by_model_and_access(
    sims: Simulators, word: str, model: str, status: int, piece: str
) -> None:
    body = {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    headers = auth("bedrock", demo_key("bedrock", word))
    reply = fetch(sims, f"{RUNTIME}/model/{model}/converse", headers, body=body)
    assert reply.status == status
    assert piece in reply.text


def test_a_bedrock_key_works_only_in_its_region(sims: Simulators) -> None:
    headers = {"authorization": "Bearer bedrock-api-key-demo-good-eu-west-1"}
    assert fetch(sims, f"{BEDROCK}/foundation-models", headers).status == 403
    europe = "https://bedrock.eu-west-1.amazonaws.com/foundation-models"
    assert fetch(sims, europe, headers).status == 200


def test_foundation_models_are_filtered(sims: Simulators) -> None:
    headers = auth("bedrock", demo_key("bedrock"))
    url = f"{BEDROCK}/foundation-models?byOutputModality=IMAGE"
    rows = fetch(sims, url, headers).data["modelSummaries"]
    assert 0 < len(rows) < len(bedrock.ROWS)
    assert all("IMAGE" in row["outputModalities"] for row in rows)
    wrong = f"{BEDROCK}/foundation-models?byInferenceType=SOMETIMES"
    assert fetch(sims, wrong, headers).status == 400

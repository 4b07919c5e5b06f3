"""Green if and only if the agent's ancestor got an answer, at the simulated vendors themselves.

Their own errors, in their own forms; each behind its usual path on loopback.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from providers.kinds import KINDS
from tests.routing.oracle import compared
from tests.routing.oracle_reds import LEFT_OUT
from tests.routing.test_oracle_states import FIRST, settle
from tests.simulators import Simulators
from tests.simulators.entries import BASES, HOSTED, LOCAL, MODELS, NEEDS, demo_key
from tests.simulators.sigv4 import SECRET, SESSION_TOKEN

pytestmark = [pytest.mark.alike, pytest.mark.battery, pytest.mark.django_db(transaction=True)]
EVERYWHERE = (
    *("good", "bad", "nocredit", "limited", "forbidden", "error", "html", "nostream"),
    *("unstreamed", "fixed"),
)
SHORT = ("good", "bad", "fixed")  # for the gate, beside a vendor's own
OWN = {
    "anthropic": ("overloaded", "billing", "onhold", "spendlimit"),
    "openai": ("noscope", "country", "billing"),
    "openrouter": ("management", "body200"),
    "huggingface": ("nopermission", "whoami429"),
    "byteplus": ("quota", "notopen"),
    "byteplus_coding_plan": ("quota", "noplan"),
    "opencode_go": ("monthlylimit", "nosub", "modelerror", "window"),
    "gemini": ("leaked", "expired", "location", "aqchat"),
    "zhipu": ("code1113", "code1302", "cn"),
    "dashscope": ("arrearage", "unpurchased", "body200", "cn"),
    "moonshot": ("overloaded", "cn"),
    "minimax": ("code1004", "code1008", "quota", "cn"),
    "mistral": ("badmessage",),
    "groq": ("capacity", "decommissioned", "narrow"),
    "bedrock": ("nolist", "noaccess", "quota", "expired"),
}
AT_HOME = {
    "ollama": ("", "error", "limited", "hostcheck", "old", "nostream", "unstreamed", "empty"),
    "lm_studio": ("", "error", "v0", "compat", "auth", "nostream", "unstreamed"),
    "ovms": ("", "error", "keyed", "nostream", "unstreamed", "empty"),
    "vllm": ("", "error", "guarded", "nostream", "unstreamed", "limited", "short"),
    "custom": (
        *("", "error", "guarded", "nolist", "nolist405", "nolist501", "arrays", "models", "nested"),
        *("html", "malformed", "nostream", "unstreamed", "redirect", "status418"),
    ),
}
AWAY = [kind for kind in HOSTED if kind not in LEFT_OUT]
# The models that the ancestor asks by another API than its other ones at that kind
OTHERS = {"opencode_go": "minimax-m2.7", "moonshot": "kimi-k3", "openrouter": "openai/gpt-5.4"}


@pytest.fixture(autouse=True)
def short_deadline(settings: Any) -> None:
    settings.TEST_SECONDS = settings.COMPLETION_TEST_SECONDS = 3.0


def there(sims: Simulators, base: str, words: str = "") -> str:
    """The address at which a client without a hosts file finds what stands at `base`."""
    place = urlsplit(base)
    needs_tls = place.netloc.endswith(".amazonaws.com")  # else Amazon's own client sends no key
    origin = f"s://127.0.0.1:{sims.tls_port}" if needs_tls else f"://127.0.0.1:{sims.plain_port}"
    return f"http{origin}/~to-{place.netloc}{words}{place.path}"


def trusting(sims: Simulators) -> dict[str, str]:
    return {"AWS_CA_BUNDLE": str(sims.ca_file)}


def hosted(sims: Simulators, kind: str, word: str) -> dict[str, Any]:
    needs = dict(NEEDS.get(kind, {}))
    base = needs.pop("apiBase", "") or KINDS[kind].api_base or KINDS[kind].api_base_example
    return {**needs, "apiBase": there(sims, base), "apiKey": demo_key(kind, word)}


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        *(
            pytest.param(kind, word, marks=[] if word in SHORT else [pytest.mark.long])
            for kind in AWAY
            for word in EVERYWHERE
        ),
        *((kind, word) for kind in AWAY for word in OWN.get(kind, ())),
    ],
)
def test_a_vendor_s_answer_is_green_for_both_or_for_none(
    nanobot: Any, sims: Simulators, kind: str, word: str
) -> None:
    model = MODELS.get(kind, "my-deployment")
    settle(compared(nanobot, kind, hosted(sims, kind, word), model, trusting(sims)))


@pytest.mark.parametrize(
    ("key_id", "secret", "region"),
    [
        ("AKIADEMOGOOD00000000", SECRET, "us-east-1"),
        ("ASIADEMOGOOD00000000", SECRET, "us-east-1"),
        ("AKIADEMOGOOD00000000", "wrong/secret+0123456789", "us-east-1"),
        ("AKIAUNKNOWN000000000", SECRET, "us-east-1"),
        ("AKIADEMOLIMITED00000", SECRET, "us-east-1"),
        ("AKIADEMONOLIST000000", SECRET, "us-east-1"),
        ("AKIADEMOGOOD00000000", SECRET, "eu-west-1"),
    ],
)
def test_a_signature_holds_for_both_or_for_none(
    nanobot: Any, sims: Simulators, key_id: str, secret: str, region: str
) -> None:
    fields = {**hosted(sims, "bedrock", "good"), "region": region}
    fields |= {"apiKey": "", "accessKeyId": key_id, "secretAccessKey": secret}
    fields |= {"sessionToken": SESSION_TOKEN} if key_id.startswith("ASIA") else {}
    settle(compared(nanobot, "bedrock", fields, MODELS["bedrock"], trusting(sims)))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(
            pytest.param(kind, name, marks=[] if kind in FIRST else [pytest.mark.long])
            for kind in AWAY
            for name in ("no-such-model", "prefixed")
        ),
        *((kind, "other") for kind in OTHERS),
    ],
)
def test_a_name_reaches_the_vendor_as_the_agent_sends_it(
    nanobot: Any, sims: Simulators, kind: str, name: str
) -> None:
    model = MODELS.get(kind, "my-deployment")
    prefix = kind.replace("_", "-")
    named = {"prefixed": f"{prefix}/{model}", "other": OTHERS.get(kind, "")}
    fields = hosted(sims, kind, "good")
    settle(compared(nanobot, kind, fields, named.get(name, name), trusting(sims)))


@pytest.mark.parametrize(
    ("kind", "word", "key"),
    [
        *((kind, word, "") for kind in LOCAL for word in AT_HOME[kind]),
        *(
            pytest.param(kind, word, "good", marks=pytest.mark.long)
            for kind in LOCAL
            for word in AT_HOME[kind][:2]
        ),
        *((kind, "guarded", key) for kind in ("vllm", "custom") for key in ("good", "bad")),
        *(("ovms", "keyed", key) for key in ("good", "bad")),
        *(("lm_studio", "auth", key) for key in ("good", "bad")),
    ],
)
def test_a_local_server_is_green_for_both_or_for_none(
    nanobot: Any, sims: Simulators, kind: str, word: str, key: str
) -> None:
    words = f"/~{word}" if word else ""
    fields = {"apiBase": there(sims, BASES[kind].format(""), words)}
    if key:
        fields["apiKey"] = demo_key(kind, key)
    settle(compared(nanobot, kind, fields, MODELS[kind]))


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        pytest.param(kind, word, marks=[] if kind in FIRST else [pytest.mark.long])
        for kind in (*AWAY, *LOCAL)
        for word in ("good", "blind")
    ],
)
def test_a_picture_is_seen_by_both_or_by_none(
    nanobot: Any, sims: Simulators, kind: str, word: str
) -> None:
    if kind in AWAY:
        fields = hosted(sims, kind, word)
    else:
        fields = {"apiBase": there(sims, BASES[kind].format(""), f"/~{word}")}
    model = MODELS.get(kind, "my-deployment")
    result = compared(nanobot, kind, fields, model, trusting(sims), slot="vision")
    if kind == "deepseek":
        settle(result, "the client leaves the picture out, and gets its answer without")
        assert result.ours["detail"] == "pictures_left_out"
        return
    settle(result)
    if word == "blind":
        assert (result.ours["outcome"], result.ours["detail"]) == ("bad_request", "no_pictures")

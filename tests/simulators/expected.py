"""What a check of each simulated provider must come to: the table behind the battery of tests.

Read from the vendors' documents, not from the product. `fields` are what a person enters, under
the names of config.json (Azure also `deployments`, Bedrock its region and AWS keys); `model` is
set where the check is asked to include one. A `key_state` of None is left open by the documents.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulators.entries import HOSTED, LOCAL, MODELS, entered, local_fields
from tests.simulators.sigv4 import SECRET, SESSION_TOKEN

# A 429 says "later" about a key that was recognised.
LIMITED_KEY = "valid"


@dataclass(frozen=True)
class Case:
    """What is entered for a kind, and the outcome that it must have."""

    kind: str
    case: str
    fields: Mapping[str, Any]
    outcome: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.case}"


@dataclass(frozen=True)
class Expectation(Case):
    key_state: str | None
    model: str = ""


# case, word of the key, outcome, key state: the same for every hosted kind.
_COMMON = (
    ("good key", "good", "ok", "valid"),
    ("bad key", "bad", "bad_key", "invalid"),
    ("rate limited", "limited", "rate_limited", LIMITED_KEY),
    ("forbidden", "forbidden", "forbidden", "valid"),
    ("server error", "error", "server_error", "unknown"),
    ("hang", "hang", "timeout", "unknown"),
    ("html", "html", "unexpected_response", "unknown"),
    ("malformed", "malformed", "unexpected_response", "unknown"),
    ("dropped connection", "drop", "unreachable", "unknown"),
    ("redirect", "redirect", "bad_endpoint", "unknown"),
)
# The key call itself tells the credit; elsewhere only a model call does.
_CREDIT_IN_CHECK = ("openrouter", "opencode_go", "deepseek", "moonshot", "byteplus_coding_plan")
_NO_CREDIT_SIGNAL = ("azure_openai", "bedrock")
# The key is proven by another call than the list, so that an empty list takes nothing away.
_PROVEN_ELSEWHERE = (
    "openrouter",
    "huggingface",
    "opencode_go",
    "deepseek",
    "moonshot",
    "byteplus_coding_plan",
    "azure_openai",
    "bedrock",  # its list is private: whoever may read it is known
)
# Their refusal is one of a network or region, or does not say why: it may come before the key.
_UNSAID = ["azure_openai", "opencode_go", "groq", "dashscope", "byteplus", "byteplus_coding_plan"]


def _hosted(kind: str) -> Iterator[Expectation]:
    for case, word, outcome, key_state in _COMMON:
        if (kind, case) == ("huggingface", "rate limited"):
            key_state = "unknown"  # whoami has a limit of its own, told before it looks at the key
        if case == "forbidden" and kind in _UNSAID:
            key_state = "unknown"
        yield Expectation(kind, case, entered(kind, word), outcome, key_state)
    yield Expectation(kind, "no key", entered(kind, apiKey=""), "missing_config", "unknown")
    proven = kind in _PROVEN_ELSEWHERE
    outcome, key_state = ("ok", "valid") if proven else ("reachable_unverified", "unknown")
    yield Expectation(kind, "empty list", entered(kind, "empty"), outcome, key_state)
    model = MODELS.get(kind, "")
    poor = entered(kind, "nocredit")
    if kind in _CREDIT_IN_CHECK:
        yield Expectation(kind, "no credit", poor, "no_credit", "valid")
    elif kind not in _NO_CREDIT_SIGNAL:
        yield Expectation(kind, "no credit, unseen by the list", poor, "ok", "valid")
        yield Expectation(kind, "no credit", poor, "no_credit", "valid", model)
    if model:
        good = entered(kind)
        yield Expectation(kind, "model", good, "ok", "valid", model)
        yield Expectation(kind, "unknown model", good, "model_not_found", "valid", "no-such-model")
        deaf = entered(kind, "nostream")
        yield Expectation(kind, "a stream refused", deaf, "bad_request", "valid", model)
        if kind not in _TEMPERATURE_LEFT_OUT:
            fixed = entered(kind, "fixed")
            yield Expectation(kind, "its temperature", fixed, "bad_request", "valid", model)


# Where the agent sends none to the model that is tried.
_TEMPERATURE_LEFT_OUT = ("anthropic", "bedrock", "byteplus_coding_plan", "moonshot", "openai")


# Ways in which a server without a key goes wrong.
_LOCAL_FAULTS = (
    ("server error", "error", "server_error"),
    ("rate limited", "limited", "rate_limited"),
    ("hang", "hang", "timeout"),
    ("html", "html", "bad_endpoint"),  # a page at this path, and the API at the usual one
    ("malformed", "malformed", "unexpected_response"),
    ("dropped connection", "drop", "unreachable"),
    ("redirect", "redirect", "bad_endpoint"),
)
# The word that makes a local server ask for a key; Ollama never does.
_GUARD = {"lm_studio": "auth", "ovms": "keyed", "vllm": "guarded", "custom": "guarded"}


def _local(kind: str) -> Iterator[Expectation]:
    yield Expectation(kind, "no key needed", local_fields(kind), "ok", "not_needed")
    yield Expectation(kind, "empty list", local_fields(kind, "empty"), "ok", "not_needed")
    for key in ("good", "bad"):
        fields = local_fields(kind, key=key)
        case = f"{key} key nobody asked for"
        yield Expectation(kind, case, fields, "reachable_unverified", "unknown")
    for case, word, outcome in _LOCAL_FAULTS:
        yield Expectation(kind, case, local_fields(kind, word), outcome, None)
    guard = _GUARD.get(kind, "")
    if guard:
        for key, outcome, key_state in (
            ("good", "ok", "valid"),
            ("bad", "bad_key", "invalid"),
            ("", "bad_key", None),
        ):
            case = f"guarded, {key or 'no'} key"
            yield Expectation(kind, case, local_fields(kind, guard, key), outcome, key_state)
    yield Expectation(kind, "model", local_fields(kind), "ok", "not_needed", MODELS[kind])
    for case, word, outcome in (
        ("a stream refused", "nostream", "bad_request"),
        ("an answer at once", "unstreamed", "ok"),
    ):
        yield Expectation(kind, case, local_fields(kind, word), outcome, None, MODELS[kind])
    unknown = "no-such-model"
    yield Expectation(kind, "unknown model", local_fields(kind), "model_not_found", None, unknown)


def _at(base: str, **fields: Any) -> dict[str, Any]:
    return {"apiBase": base, **fields}


def _azure(endpoint: str, word: str = "good", *deployments: str) -> dict[str, Any]:
    names = list(deployments) or ["my-deployment"]
    return entered("azure_openai", word, apiBase=endpoint, deployments=names)


def _aws(key_id: str, secret: str = SECRET, **fields: str) -> dict[str, Any]:
    given = {"region": "us-east-1", "accessKeyId": key_id, "secretAccessKey": secret}
    return {**given, **fields}


_AZURE = "https://demo.openai.azure.com"
_ONE_CALL = "/openai/deployments/gpt-prod/chat/completions?api-version=2024-10-21"
_AWS_GOOD = "AKIADEMOGOOD00000000"
_NOVA = "amazon.nova-lite-v1:0"

# kind, case, fields, outcome, key state, model
_Row = tuple[str, str, Mapping[str, Any], str, str | None, str]


def _word(kind: str, case: str, word: str, outcome: str, key: str | None, model: str = "") -> _Row:
    return kind, case, entered(kind, word), outcome, key, model


_SPECIAL: tuple[_Row, ...] = (
    # Anthropic
    _word("anthropic", "overloaded", "overloaded", "server_error", "unknown"),
    _word("anthropic", "billing error", "billing", "no_credit", "valid"),
    _word("anthropic", "organisation on hold", "onhold", "forbidden", "valid"),
    _word("anthropic", "spend limit under 429", "spendlimit", "no_credit", "valid"),
    ("anthropic", "base with /v1", entered("anthropic", apiBase="https://api.anthropic.com/v1"),
     "ok", "valid", ""),
    ("anthropic", "alias of a model", entered("anthropic"), "ok", "valid", "claude-opus-4-5"),
    # OpenAI
    _word("openai", "missing scopes", "noscope", "forbidden", "valid"),
    _word("openai", "address not allowed", "ipblocked", "forbidden", "unknown"),
    _word("openai", "country not supported", "country", "forbidden", "unknown"),
    _word("openai", "credit balance exhausted", "billing", "no_credit", "valid", "gpt-4o"),
    ("openai", "residency host", entered("openai", apiBase="https://eu.api.openai.com/v1"),
     "ok", "valid", ""),
    ("openai", "key of another vendor", entered("openai", apiKey="sk-ant-api03-demo-good-a1b2"),
     "bad_key", "invalid", ""),
    ("openai", "wrong path", entered("openai", apiBase="https://api.openai.com/v9"),
     "bad_endpoint", "unknown", ""),
    # OpenRouter
    _word("openrouter", "management key", "management", "forbidden", "valid"),
    _word("openrouter", "key without a limit", "unlimited", "ok", "valid"),
    _word("openrouter", "error inside HTTP 200", "body200", "server_error", None,
          "openai/gpt-5.5"),
    # Azure
    ("azure_openai", "v1 base pasted", _azure(f"{_AZURE}/openai/v1/"), "ok", "valid", ""),
    ("azure_openai", "project URL pasted", _azure("https://demo.services.ai.azure.com/api/projects/p1"),
     "ok", "valid", ""),
    ("azure_openai", "target URI pasted",
     _azure(f"{_AZURE}{_ONE_CALL}", "good", "gpt-prod"),
     "ok", "valid", ""),
    ("azure_openai", "cognitive services host", _azure("https://demo.cognitiveservices.azure.com"),
     "ok", "valid", ""),
    ("azure_openai", "US government cloud", _azure("https://demo.openai.azure.us"), "ok", "valid",
     ""),
    ("azure_openai", "reasoning deployment", _azure(_AZURE, "good", "gpt-5.5-prod"), "ok", "valid",
     ""),
    ("azure_openai", "unknown deployment", _azure(_AZURE, "good", "no-such-deployment"),
     "model_not_found", "valid", ""),
    ("azure_openai", "one of two deployments unknown",
     _azure(_AZURE, "good", "gpt-prod", "no-such-deployment"), "model_not_found", "valid", ""),
    _word("azure_openai", "key of another region", "wrongregion", "bad_key", "invalid"),
    # Bedrock
    ("bedrock", "signed", _aws(_AWS_GOOD), "ok", "valid", ""),
    ("bedrock", "signed, with a model", _aws(_AWS_GOOD), "ok", "valid", _NOVA),
    ("bedrock", "signed, temporary", _aws("ASIADEMOGOOD00000000", sessionToken=SESSION_TOKEN),
     "ok", "valid", ""),
    ("bedrock", "signed with a wrong secret", _aws(_AWS_GOOD, "wrong/secret+0123456789"),
     "bad_key", "invalid", ""),
    ("bedrock", "unknown access key id", _aws("AKIAUNKNOWN000000000"), "bad_key", "invalid", ""),
    ("bedrock", "signed, throttled", _aws("AKIADEMOLIMITED00000"), "rate_limited", LIMITED_KEY, ""),
    ("bedrock", "signed, may not list", _aws("AKIADEMONOLIST000000"), "forbidden", "valid", ""),
    _word("bedrock", "may not list", "nolist", "forbidden", "valid"),
    _word("bedrock", "may not list, model answers", "nolist", "ok", "valid", _NOVA),
    _word("bedrock", "no access to the model", "noaccess", "forbidden", "valid", _NOVA),
    _word("bedrock", "model that needs a profile", "good", "model_not_found", "valid",
          "anthropic.claude-opus-4-7"),
    _word("bedrock", "service quota under 400", "quota", "rate_limited", LIMITED_KEY),
    _word("bedrock", "expired", "expired", "bad_key", "invalid"),
    ("bedrock", "key of another region",
     {"region": "us-east-1", "apiKey": "bedrock-api-key-demo-good-eu-west-1"}, "bad_key",
     "invalid", ""),
    ("bedrock", "another region", entered("bedrock", region="eu-central-1"), "ok", "valid", ""),
    # Hugging Face
    _word("huggingface", "whoami limited", "whoami429", "rate_limited", None),
    _word("huggingface", "no inference permission, unseen by whoami", "nopermission", "ok",
          "valid"),
    _word("huggingface", "no inference permission", "nopermission", "forbidden", "valid",
          "Qwen/Qwen3-32B"),
    ("huggingface", "model with a provider suffix", entered("huggingface"), "ok", "valid",
     "Qwen/Qwen3-32B:fastest"),
    # BytePlus
    _word("byteplus", "model not activated", "notopen", "model_not_found", "valid",
          "seed-2-0-lite-260428"),
    _word("byteplus", "quota exceeded", "quota", "no_credit", "valid"),
    _word("byteplus", "endpoint id as model", "good", "ok", "valid", "ep-demo-20260428"),
    _word("byteplus_coding_plan", "quota exceeded", "quota", "no_credit", "valid"),
    _word("byteplus_coding_plan", "model outside the plan", "noplan", "model_not_found", "valid"),
    _word("byteplus_coding_plan", "listed model outside the plan", "good", "model_not_found",
          "valid", "seed-2-0-lite-260428"),
    # OpenCode Go
    _word("opencode_go", "monthly limit", "monthlylimit", "no_credit", "valid"),
    _word("opencode_go", "user limit", "userlimit", "no_credit", "valid"),
    _word("opencode_go", "no subscription", "nosub", "forbidden", "valid"),
    _word("opencode_go", "region", "region", "forbidden", "unknown"),
    _word("opencode_go", "window used up under 429", "golimit", "no_credit", "valid"),
    _word("opencode_go", "free window used up", "freelimit", "no_credit", "valid"),
    _word("opencode_go", "window used up under 200", "window", "no_credit", "valid"),
    # DeepSeek
    ("deepseek", "base with /v1", entered("deepseek", apiBase="https://api.deepseek.com/v1"),
     "ok", "valid", ""),
    ("deepseek", "unlisted alias", entered("deepseek"), "ok", "valid", "deepseek-chat"),
    # Gemini
    ("gemini", "good auth key", entered("gemini", apiKey="AQ.demo-good-a1b2"), "ok", "valid", ""),
    ("gemini", "bad auth key", entered("gemini", apiKey="AQ.demo-bad-a1b2"), "bad_key",
     "invalid", ""),
    _word("gemini", "leaked key", "leaked", "bad_key", "invalid"),
    _word("gemini", "restricted key", "restricted", "forbidden", "valid"),
    _word("gemini", "expired key", "expired", "bad_key", "invalid"),
    _word("gemini", "location", "location", "forbidden", "unknown"),
    # Zhipu
    _word("zhipu", "arrears under 429", "code1113", "no_credit", "valid"),
    _word("zhipu", "plan expired", "code1309", "no_credit", "valid"),
    _word("zhipu", "daily limit", "code1304", "no_credit", "valid"),
    _word("zhipu", "account locked", "code1112", "forbidden", "valid"),
    _word("zhipu", "status 434", "code434", "forbidden", "valid"),
    _word("zhipu", "token not valid", "code1002", "bad_key", "invalid"),
    _word("zhipu", "not in the plan", "code1311", "model_not_found", "valid"),
    _word("zhipu", "rate code", "code1302", "rate_limited", LIMITED_KEY),
    _word("zhipu", "international key in China", "intl", "bad_key", "invalid"),
    ("zhipu", "international base", entered("zhipu", "intl", apiBase="https://api.z.ai/api/paas/v4"),
     "ok", "valid", ""),
    # DashScope
    _word("dashscope", "arrears under 400", "arrearage", "no_credit", "valid"),
    _word("dashscope", "not purchased", "unpurchased", "forbidden", "valid"),
    _word("dashscope", "free allowance used", "quota", "no_credit", "valid"),
    _word("dashscope", "international key in China", "intl", "bad_key", "invalid"),
    ("dashscope", "international base",
     entered("dashscope", "intl", apiBase="https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
     "ok", "valid", ""),
    # Moonshot
    _word("moonshot", "engine overloaded", "overloaded", "rate_limited", LIMITED_KEY),
    _word("moonshot", "Chinese key abroad", "cn", "bad_key", "invalid"),
    ("moonshot", "Chinese base", entered("moonshot", "cn", apiBase="https://api.moonshot.cn/v1"),
     "ok", "valid", ""),
    # MiniMax
    _word("minimax", "1004 under 200", "code1004", "bad_key", "invalid"),
    _word("minimax", "2049 under 200", "code2049", "bad_key", "invalid"),
    _word("minimax", "1008 under 200", "code1008", "no_credit", "valid"),
    _word("minimax", "1008 under 500", "old", "no_credit", "valid"),
    _word("minimax", "1002 under 200", "code1002", "rate_limited", LIMITED_KEY),
    _word("minimax", "plan used up", "quota", "no_credit", "valid"),
    # Mistral, Groq
    _word("mistral", "bad key, other form", "badmessage", "bad_key", "invalid"),
    _word("groq", "capacity", "capacity", "rate_limited", LIMITED_KEY),
    _word("groq", "decommissioned model", "good", "model_not_found", "valid", "mixtral-8x7b-32768"),
    # Ollama
    ("ollama", "host check", local_fields("ollama", "hostcheck"), "forbidden", None, ""),
    ("ollama", "name that its host check refuses", _at("http://ollama.lan:11434/v1"), "forbidden",
     None, ""),
    ("ollama", "old version", local_fields("ollama", "old"), "ok", "not_needed", ""),
    # LM Studio
    ("lm_studio", "only the v0 list", local_fields("lm_studio", "v0"), "ok", "not_needed", ""),
    ("lm_studio", "only the compatible list", local_fields("lm_studio", "compat"), "ok",
     "not_needed", ""),
    ("lm_studio", "wrong path under 200", _at("http://localhost:1234/nowhere/v1"), "bad_endpoint",
     None, ""),
    # vLLM
    ("vllm", "adapter as model", local_fields("vllm"), "ok", "not_needed", "sql-adapter"),
    ("vllm", "wrong path", _at("http://vllm.example:8000/nowhere"), "bad_endpoint", None, ""),
    # Custom
    ("custom", "no list (404), model answers", local_fields("custom", "nolist"), "ok",
     "not_needed", "demo-coder"),
    ("custom", "no list (405), model answers", local_fields("custom", "nolist405"), "ok",
     "not_needed", "demo-coder"),
    ("custom", "no list (501), model answers", local_fields("custom", "nolist501"), "ok",
     "not_needed", "demo-coder"),
    ("custom", "base without its /v1", _at("https://llm.example.com/~v1missing"), "bad_endpoint",
     None, ""),
    ("custom", "bare strings", local_fields("custom", "arrays"), "ok", "not_needed", ""),
    ("custom", "other envelope", local_fields("custom", "models"), "ok", "not_needed", ""),
    ("custom", "plain http that was opened", _at("http://llm.example:9000/v1"), "ok", "not_needed",
     ""),
    ("custom", "no credit", local_fields("custom", "guarded", "nocredit"), "no_credit", "valid",
     "demo-coder"),
    ("custom", "wrong path", _at("https://llm.example.com/nowhere"), "bad_endpoint", None, ""),
    ("custom", "name that does not exist", _at("https://nosuch.invalid/v1"), "dns_error", None, ""),
    ("custom", "certificate expired", _at("https://expired.example.com/v1"), "tls_error", None, ""),
    ("custom", "certificate of another name", _at("https://wrongname.example.com/v1"), "tls_error",
     None, ""),
    ("custom", "certificate of an unknown CA", _at("https://selfsigned.example.com/v1"),
     "tls_error", None, ""),
    ("custom", "https to a plain port", _at("https://localhost:9000/v1"), "tls_error", None, ""),
    ("custom", "nobody listens", _at("https://closed.example.com/v1"), "unreachable", None, ""),
    ("custom", "nobody listens, in clear", _at("http://closed.example:8000/v1"), "unreachable",
     None, ""),
    ("custom", "metadata address", _at("https://169.254.169.254/v1"), "blocked_address", None, ""),
)  # fmt: skip


def _all() -> Iterator[Expectation]:
    for kind in HOSTED:
        yield from _hosted(kind)
    for kind in LOCAL:
        yield from _local(kind)
    for row in _SPECIAL:
        yield Expectation(*row)


EXPECTED: tuple[Expectation, ...] = tuple(_all())

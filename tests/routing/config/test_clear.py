"""What of a document is told in clear, and what is hidden."""

from __future__ import annotations

from typing import Any

import pytest

from routing.config.clear import HIDDEN, told

TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    "path",
    [
        "providers.openai.apiKey",
        "providers.mine.api_key",
        "providers.openai.extraHeaders.X-Title",
        "channels.telegram.token",
        "channels.slack.botToken",
        "channels.email.imapPassword",
        "channels.feishu.appSecret",
        "tools.web.search.apikey",
        "tools.mcpServers.a.headers.X",
        "tools.mcpServers.a.env.GITHUB_TOKEN",
        "tools.mcpServers.a.env.HOST",
        "x.credentials.anything",
    ],
)
def test_a_secret_is_known_by_its_name_or_by_where_it_stands(path: str) -> None:
    assert told("s3cret", tuple(path.split("."))) is HIDDEN


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("agents.defaults.temperature", 0.3),
        ("agents.defaults.maxTokens", 8192),
        ("agents.defaults.model", "us.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("channels.telegram.enabled", True),
        ("channels.telegram.chatId", -1001234567890),
        ("channels.telegram.allowFrom", ["1", "*"]),
        ("channels.telegram.tokenFile", "/run/secrets/telegram"),
        ("providers.openai.apiBase", "https://eu.api.openai.com/v1"),
        ("providers.openai.extraBody", {"n": 1.0, "reasoning": "high"}),
        ("tools.mcpServers.a.args", ["-y", "@modelcontextprotocol/server-files", "/srv/repos"]),
        ("tools.mcpServers.a.env", {"DEBUG": "1", "ROOT": "/srv/x"}),
        ("tools.mcpServers.a.env.TOKEN", "${TOKEN}"),
        ("tools.exec.allowedKeysLimit", 4),
        ("x", None),
    ],
)
def test_what_is_no_secret_is_told_as_it_is(path: str, value: Any) -> None:
    assert told(value, tuple(path.split("."))) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pass@host/v1?key=abc", "https://***@host/v1?key=***"),
        ("https://hooks.example/T01/B02/abcDEF123456ghiJKL", "https://hooks.example/T01/B02/***"),
        (
            "curl -H 'Authorization: Bearer abc' https://h",
            "curl -H 'Authorization: Bearer ***' https://h",
        ),
        ("sh -c 'API_TOKEN=abc run'", "sh -c 'API_TOKEN=*** run'"),
        ("run --password hunter2 --verbose x", "run --password *** --verbose x"),
        (f"clone {TOKEN} now", "clone *** now"),
        ("***", "***"),
    ],
)
def test_only_what_looks_like_a_key_is_masked_inside_a_text(text: str, shown: str) -> None:
    assert told(text, ("tools", "x", "command")) == shown


def test_an_argument_behind_the_one_that_names_it_is_masked() -> None:
    keys = ("tools", "mcpServers", "a", "args")
    assert told(["--api-key", "xyz", "--token=abc", "--n", "1"], keys) == [
        *("--api-key", "***", "--token=***", "--n", "1")
    ]
    assert told([TOKEN], ("a", "b")) == ["***"]
    assert told(["a", "b"], ("a", "tokens")) is HIDDEN


@pytest.mark.parametrize("unit", ["x", "x-", "-a", "a.", "a1", "://a", " --k", "k=", "bearer "])
def test_a_long_text_takes_no_longer_than_its_length(unit: str) -> None:
    assert isinstance(told(unit * 100_000, ("x",)), str)

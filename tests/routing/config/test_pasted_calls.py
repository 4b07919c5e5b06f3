"""Calls as people copy them: the address and the key that travel together, and nothing else."""

from __future__ import annotations

import pytest

from facio_site.strictjson import BadDocument
from tests.routing.config.pasting import read, told

KEY = "sk-0123456789abcdef"
DEEPSEEK = {"deepseek": {"apiBase": "https://api.deepseek.com", "apiKey": KEY}}
AUTH = f'-H "Authorization: Bearer {KEY}"'
URL = "https://api.deepseek.com/chat/completions"


@pytest.mark.parametrize(
    "line",
    [
        # options whose value may well be an address
        f"curl --proxy http://127.0.0.1:7890 {URL} {AUTH} -d '{{}}'",
        f"curl -x http://127.0.0.1:7890 {URL} {AUTH}",
        f"curl -sSx http://127.0.0.1:7890 {URL} {AUTH}",
        f"curl -xhttp://127.0.0.1:7890 {URL} {AUTH}",
        f"curl --preproxy socks5://127.0.0.1:1 {URL} {AUTH}",
        f"curl --doh-url https://dns.example.org/q {URL} {AUTH}",
        f"curl -e https://chat.example.org/ {URL} {AUTH}",
        f"curl --referer https://chat.example.org/ {URL} {AUTH}",
        f"curl --refere https://chat.example.org/ {URL} {AUTH}",
        f"curl -d https://picture.example.org/1.png {URL} {AUTH}",
        f"curl --json https://picture.example.org/1.png {URL} {AUTH}",
        f"curl -so out.json --location {URL} {AUTH}",
        f"curl -w 'https://x.example.org %{{http_code}}' {URL} {AUTH}",
        f"curl --url {URL} {AUTH} https-is-no-address",
        f"curl {AUTH} -X POST --url={URL}",
        f"curl --compressed --http1.1 --no-progress-meter {URL} {AUTH}",
        f"curl {AUTH} -- {URL}",
        f"curl --oauth2-bearer {KEY} {URL}",
        # quotes of several shells
        f"curl '{URL}' -H $'Authorization: Bearer {KEY}'"
        ' --data-raw $\'{"a": "what\\\'s \\u0021"}\'',
        f"curl '{URL}' \\\n  -H 'authorization: Bearer {KEY}' \\\n  --data-raw '{{\n\"a\": 1\n}}'",
        f"curl '{URL}' \\\r\n  -H 'x-rpc-god;' \\ \r\n  -H'Authorization:Bearer {KEY}'\r\n",
        f'curl ^"{URL}^" ^\n -H ^"Authorization: Bearer {KEY}^" ^\n'
        ' --data-raw ^"^{^\\^"a^\\^":1^}^"',
        f'curl "{URL}" ^\r\n -H "Authorization: Bearer {KEY}" ^\r\n -d "{{\\"a\\": 1}}"\r\n',
        f'curl.exe "{URL}" `\n -H "Authorization: Bearer {KEY}" `\n -d "{{`"a`": 1}}"',
        # what stands around
        f"\n# list the models\n\ncurl {URL} {AUTH}",
        f"$ curl {URL} {AUTH} | jq .data",
        f"% curl {URL} {AUTH} > out.json 2>&1",
        f"me@host:~/x$ sudo -E /usr/bin/curl {URL} {AUTH} && echo done",
        f"C:\\Users\\me> C:\\tools\\curl.exe {URL} {AUTH}",
        f"```bash\ncurl {URL} {AUTH}\n```",
        f"curl {URL} {AUTH} -d @- <<EOF\nOPENAI_API_KEY=sk-proj-inside\nEOF\n",
        # other programs
        f'Invoke-WebRequest -UseBasicParsing -Uri "{URL}" `\n-Method POST `\n-Headers @{{\n'
        f'"authorization"="Bearer {KEY}"\n  "accept"="*/*"\n}} `\n-Body "{{`"a`":`"b`"}}"',
        f"$r = Invoke-RestMethod '{URL}'"
        f" -Headers @{{ Authorization = 'Bearer {KEY}'; Accept = 'x' }}",
        f"irm -Proxy http://127.0.0.1:7890 -Uri {URL} -Headers @{{Authorization='Bearer {KEY}'}}",
        f'http POST {URL} Authorization:"Bearer {KEY}" model=deepseek-chat',
        "https --proxy=https:http://127.0.0.1:1 api.deepseek.com/models"
        f" 'authorization: Bearer {KEY}'",
        f"http -A bearer -a {KEY} GET {URL}",
        f"xh -b post {URL} Authorization:'Bearer {KEY}' a:=1 b==2",
    ],
)
def test_a_call_is_read_in_every_way_that_it_is_copied(line: str) -> None:
    assert read(line).document == {"providers": DEEPSEEK}


@pytest.mark.parametrize(
    ("line", "kind", "base"),
    [
        ("curl http://localhost:11434/api/generate -d '{}'", "ollama", "http://localhost:11434/v1"),
        ("curl 192.168.1.5:11434/v1/models", "ollama", "http://192.168.1.5:11434/v1"),
        ("curl https://box.example.org/api/chat", "ollama", "https://box.example.org/v1"),
        (
            "curl https://chat.example.org/ollama/api/tags",
            "ollama",
            "https://chat.example.org/ollama/v1",
        ),
        ("curl http://10.0.0.2:1234/api/v0/models", "lm_studio", "http://10.0.0.2:1234/v1"),
        ("curl http://localhost:8000/v3/chat/completions", "ovms", "http://localhost:8000/v3"),
        ("curl http://localhost:8000/v1/models", "custom", "http://localhost:8000/v1"),
        ("curl localhost:8080/v1/models", "custom", "http://localhost:8080/v1"),
        ("http :8080/v1/models", "custom", "http://localhost:8080/v1"),
    ],
)
def test_a_server_is_told_by_its_calls_and_its_port(line: str, kind: str, base: str) -> None:
    assert read(line).document == {"providers": {kind: {"apiBase": base}}}


def test_each_of_two_calls_keeps_its_own_key() -> None:
    one = "curl https://api.groq.com/openai/v1/models -H 'Authorization: Bearer gsk_0123'"
    for text in (
        f"{one}\ncurl {URL} {AUTH}",
        f"{one}; curl {URL} {AUTH}",
        f"{one} --next {URL} {AUTH}",
    ):
        entries = read(text).document["providers"]
        assert {kind: entry["apiKey"] for kind, entry in entries.items()} == {
            "groq": "gsk_0123",
            "deepseek": KEY,
        }


def test_of_two_calls_to_one_provider_the_second_is_told() -> None:
    pasted = read(f"curl {URL} {AUTH}\ncurl {URL} -H 'Authorization: Bearer sk-other'")
    assert pasted.document == {"providers": DEEPSEEK}
    assert told(pasted) == {"line 2": "second_call"}


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        (f"curl {URL} {AUTH} https://other.example.org", {"line 1": "second_address"}),
        (
            f"curl {URL} {AUTH} -H 'X-Title: mine' -H 'Accept: */*'",
            {"header x-title": "header_left"},
        ),
        (f"curl {URL} -u user:{KEY}", {"user": "user_password", "key": "no_key"}),
        (f"curl {URL} -H 'Authorization: Basic {KEY}'", {"key": "user_password"}),
        (f"curl {URL} -H @headers.txt", {"header": "in_a_file", "key": "no_key"}),
        (f"irm {URL} -Headers $headers", {"headers": "in_a_variable", "key": "no_key"}),
        (f'curl {URL} -H "Authorization: Bearer sk-$TAIL"', {"key": "no_real_key"}),
        (f"curl {URL} -H 'Authorization: Bearer %KEY%'", {"key": "variable"}),
        (f"A=1 curl {URL} {AUTH}", {"line 1": "for_one_command"}),
        (f"curl {URL} {AUTH}\nplease help", {"line 2": "bad_line"}),
        (
            f"curl {URL} {AUTH} \\\n\n  --header 'x-api-key: forgotten'",
            {"line 3": "bad_line"},
        ),
        (f"curl https://$HOST/v1 {AUTH}\ncurl {URL} {AUTH}", {"line 1": "variable_address"}),
    ],
)
def test_what_is_left_out_of_a_call_is_told(text: str, ignored: dict[str, str]) -> None:
    assert told(read(text)) == ignored


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"curl --brand-new {URL} {AUTH}", "unknown_option"),
        (f"curl -H 'Authorization: Bearer {KEY}", "bad_curl"),
        (f"curl {AUTH}", "bad_curl"),
        (f'curl "$BASE/models" {AUTH}', "variable_address"),
        (f"curl ${{BASE}}/models {AUTH}", "variable_address"),
    ],
)
def test_a_call_whose_address_nobody_can_tell_is_refused_by_its_line(text: str, code: str) -> None:
    with pytest.raises(BadDocument) as caught:
        read(f"# mine\n{text}")
    assert (caught.value.code, caught.value.line) == (code, 2)


def test_a_query_may_hold_the_key() -> None:
    models = "https://generativelanguage.googleapis.com/v1beta/models"
    for line in (
        f"curl {models}?pageSize=5&key=AIza0123",
        f"curl -G {models} -d key=AIza0123",
        f"curl {models} --url-query key=AIza0123",
        f"http {models} key==AIza0123",
    ):
        assert read(line).document["providers"]["gemini"]["apiKey"] == "AIza0123"

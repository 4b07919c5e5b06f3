"""The preview of an import: what it tells, and what one press takes in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from facio_site.audit.models import AuditEntry
from providers.models import Job, Provider
from routing.models import Route
from tests.desk import saved
from tests.markup import flat
from tests.routing.config.desk import KEY, WHOLE, given_back, hand_in, page_of, press, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
IN_FILE = "Only in config.json, not set here"
SNIPPET: dict[str, Any] = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "a"]}}}


def headings(html: str) -> list[str]:
    return re.findall(r"<caption>([^<]*)</caption>", html)


def test_changes_stand_by_provider_then_routes_then_the_rest(site: Client) -> None:
    html = page_of(hand_in(site, WHOLE))
    assert headings(html) == ["OpenAI", "companyProxy", "Routes", IN_FILE]


def changes_under(html: str, heading: str) -> str:
    """The rows below a heading, each as `path before → after`."""
    found = re.search(rf"<caption>{heading}</caption>.*?</table>", html, re.DOTALL)
    rows = re.findall(r"<tr data-op.*?</tr>", found[0] if found else "", re.DOTALL)
    cells = [re.findall(r"<code[^>]*>(.*?)</code>", row) for row in rows]
    return "\n".join(f"{cell[0]} {cell[1]}" for cell in cells)


def test_only_a_route_that_was_set_is_told_as_removed(site: Client) -> None:
    chosen = {"provider": "openrouter", "subagent_provider": "openai"}
    html = page_of(hand_in(site, {"agents": {"defaults": chosen}}))
    assert "provider" in changes_under(html, "Routes")
    assert "This removes:" not in html
    Route.objects.create(slot="main", model="gpt-5")
    Route.objects.create(slot="subagent", provider="openai")
    html = page_of(hand_in(site, {"agents": {"defaults": {"provider": "openrouter"}}}))
    assert "This removes: 2 routes </strong><br> Main, Sub-agents." in html
    Route.objects.filter(slot="subagent").update(provider="auto")
    asked = {"model": "gpt-6", "subagent_provider": "openai"}
    assert "This removes:" not in page_of(hand_in(site, {"agents": {"defaults": asked}}))


def test_a_deployment_alone_counts_as_a_change(site: Client) -> None:
    saved("azure_openai", KEY, api_base="https://x.openai.azure.com")
    line = "curl 'https://x.openai.azure.com/openai/deployments/gpt-main/chat/completions'"
    press(site, hand_in(site, line, name=""))
    assert "Imported: 1 change." in page_of(site.get("/config/"))
    assert Provider.objects.get().values["deployments"] == ["gpt-main"]


def test_what_no_form_takes_comes_into_the_file_alone_and_is_told_so(site: Client) -> None:
    row = saved("groq", "gsk_0123456789abcdef", api_base="https://relay.example/v1")
    kept = "gsk_fedcba9876543210"
    entry = {"apiKey": kept, "apiBase": "ftp://x", "extraHeaders": {"Host": "x"}}
    document = {
        "providers": {"groq": entry, "../odd": {"apiKey": KEY, "apiBase": "https://odd.example"}},
        "agents": {"defaults": {"model": "m" * 301}},
    }
    asked = hand_in(site, document)
    html = page_of(asked)
    assert headings(html) == ["Groq", IN_FILE]
    assert changes_under(html, "Groq").splitlines() == [
        "providers.groq.apiKey set → changed",
        "providers.groq.apiBase https://relay.example/v1 → –",
    ]
    told = changes_under(html, IN_FILE)
    for line in (
        "groq.apiBase – → ftp://x",
        "groq.extraHeaders.Host – → set",
        "defaults.model – → m",
    ):
        assert line in told
    assert "odd.apiKey – → set" in told
    assert "It is not set here. It stays in config.json" in html
    assert "Taken in" not in html
    press(site, asked, all="1")
    row = Provider.objects.get()
    assert (row.name, row.api_base, row.open_mapping("extra_headers")) == ("groq", "", {})
    assert given_back() == document
    changes = AuditEntry.objects.get(action="config.imported").changes
    assert "ftp" not in str(changes)


def test_commands_and_arguments_are_shown_whole_but_for_what_looks_like_a_key(
    site: Client,
) -> None:
    server = {"command": "npx", "args": ["-y", "server-x", "--token", "hunter2", f"--k={KEY}"]}
    html = page_of(hand_in(site, {"tools": {"mcpServers": {"files": server}}}))
    assert "npx" in html
    assert "server-x" in html
    for secret in ("hunter2", KEY):
        assert secret not in html


def test_the_button_counts_what_stays_out_and_one_press_takes_all(site: Client) -> None:
    asked = hand_in(site, WHOLE)
    html = page_of(asked)
    text = re.sub(r"<[^>]+>", "", html)
    assert "Import, 3 parts stay out" in text
    assert "All of it: this is my own file" in text
    press(site, asked, all="1")
    assert given_back() == WHOLE
    assert "stays out" not in page_of(hand_in(site, {"agents": {"defaults": {"model": "m"}}}))


def test_a_part_of_a_file_takes_nothing_away_unless_replace_is_asked_for(site: Client) -> None:
    saved("openai", KEY)
    asked = hand_in(site, SNIPPET, how="")
    html = page_of(asked)
    assert "What the file lacks stays as it is." in html
    site.post(asked.request["PATH_INFO"], {"token": token_of(html), "how": "", "all": "1"})
    assert given_back() == {**SNIPPET, "providers": {"openai": {"apiKey": KEY}}}
    press(site, hand_in(site, SNIPPET, how="replace"), all="1")
    assert given_back() == SNIPPET


def test_names_that_the_agent_does_not_read_are_told_beside_those_that_it_reads(
    site: Client,
) -> None:
    entry = {"apiKey": KEY, "base_url": "https://relay.example/v1"}
    html = page_of(hand_in(site, {"providers": {"openai": entry}}))
    assert re.search(r"providers\.openai\.base_url</dt>\s*<dd>[^<]*apiBase", html)


def test_the_form_leaves_it_to_the_file(site: Client) -> None:
    html = flat(site.get("/config/import/"))
    assert re.search(r'name="how" value=""[^>]* checked', html)


def test_what_was_all_left_out_is_not_called_set_already(site: Client) -> None:
    call = 'curl https://api.openai.com/v1/models -H "Authorization: Bearer $OPENAI_API_KEY"'
    page = page_of(hand_in(site, call, name=""))
    assert "Nothing in it would change a setting" in page
    assert "set here already" not in page
    assert "Pasted" in page


def test_the_form_of_import_has_the_place_where_a_refusal_is_told(site: Client) -> None:
    for path in ("/config/import/", "/config/"):
        html = page_of(site.get(path))
        assert 'hx-target="#import-error"' in html
        assert 'id="import-error"' in html


@pytest.mark.parametrize("target", ["import-error", "paste-said", "palette-paste-said"])
def test_a_refusal_is_told_at_the_place_that_asked(site: Client, target: str) -> None:
    headers = {"HX-Request": "true", "HX-Target": target}
    answer = site.post("/config/import/", {"text": "good morning"}, headers=headers)
    assert answer.status_code == 422
    assert f'id="{target}" role="status"' in page_of(answer)
    assert "good morning" not in page_of(answer)


# --- save and test --------------------------------------------------------------------------


def test_save_and_test_of_one_provider_leads_to_its_test(
    site: Client,
    queued: list[Any],
    owner: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    asked = hand_in(site, KEY, name="")
    assert 'name="test"' in page_of(asked)
    assert KEY not in page_of(asked)
    with django_capture_on_commit_callbacks(execute=True):
        answer = press(site, asked, test="1")
    assert answer.headers["Location"] == "/providers/openai/#check"
    (job,) = Job.objects.all()
    assert (job.provider.name, job.task, job.requested_by) == ("openai", "check", owner)
    assert [job.pk for job in queued] == [job.pk]
    assert AuditEntry.objects.filter(action="provider.tested", target="openai").exists()


def test_save_and_test_of_several_leads_to_their_round(site: Client, queued: list[Any]) -> None:
    saved("mistral")
    answer = press(
        site, hand_in(site, f"GROQ_API_KEY=gsk_{KEY}\nOPENAI_API_KEY={KEY}", name=""), test="1"
    )
    assert answer.headers["Location"] == "/providers/#progress"
    jobs = Job.objects.all()
    assert sorted(job.provider.name for job in jobs) == ["groq", "openai"]
    assert len({job.batch for job in jobs}) == 1


def test_import_alone_starts_no_test(site: Client, queued: list[Any]) -> None:
    assert press(site, hand_in(site, KEY, name="")).headers["Location"] == "/config/"
    assert not Job.objects.exists()


def test_what_touches_no_provider_has_nothing_to_test(site: Client, queued: list[Any]) -> None:
    asked = hand_in(site, SNIPPET, how="merge")
    assert 'name="test"' not in page_of(asked)
    saved("groq")
    answer = press(
        site, hand_in(site, {"agents": {"defaults": {"model": "m"}}}, how="merge"), test="1"
    )
    assert answer.headers["Location"] == "/config/"
    assert not Job.objects.exists()


def test_what_is_saved_stays_when_there_were_too_many_tests(
    site: Client, queued: list[Any], settings: Any
) -> None:
    settings.TESTS_PER_MINUTE = 0
    answer = press(site, hand_in(site, KEY, name=""), test="1")
    assert answer.headers["Location"] == "/providers/openai/#check"
    assert Provider.objects.get(name="openai").is_configured
    assert not Job.objects.exists()
    assert "Too many tests at once" in page_of(site.get("/providers/openai/"))


RELAY = {"providers": {"openai": {"apiKey": KEY, "apiBase": "http://relay.example/v1"}}}


def test_a_key_for_an_address_that_nobody_agreed_to_is_neither_saved_nor_tested(
    site: Client, queued: list[Any]
) -> None:
    saved("openai", "sk-proj-stored-0123456789")
    asked = hand_in(site, RELAY, how="merge")
    consents = re.findall(r'name="consent" value="([^"]+)"', page_of(asked))
    assert consents
    assert press(site, asked, test="1", how="merge").headers["Location"] == "/config/"
    assert not Job.objects.exists()
    asked = hand_in(site, RELAY, how="merge")
    answer = press(site, asked, test="1", how="merge", consent=consents)
    assert answer.headers["Location"] == "/providers/openai/#check"
    assert Provider.objects.get().api_base == "http://relay.example/v1"
    assert Job.objects.count() == 1


def test_an_unclear_key_offers_likely_providers_before_all_others(site: Client) -> None:
    html = page_of(hand_in(site, "sk-0123456789abcdef", name=""))
    likely, others = re.findall(r"<optgroup.*?</optgroup>", html)
    assert 'value="deepseek"' in likely
    assert 'value="mistral"' in others
    assert 'value="deepseek"' not in others
    assert "sk-0123456789abcdef" not in html
    assert " selected" not in html  # nobody sends a key to a guess by pressing on


def test_an_unclear_key_goes_to_whom_it_was_said_to_belong(site: Client) -> None:
    asked = hand_in(site, "sk-0123456789abcdef", name="")
    chosen = site.get(asked.request["PATH_INFO"], {"kind": "deepseek"})
    token = token_of(page_of(chosen))
    site.post(asked.request["PATH_INFO"], {"token": token, "kind": "deepseek"})
    assert given_back()["providers"] == {"deepseek": {"apiKey": "sk-0123456789abcdef"}}


def test_a_key_that_says_nothing_has_no_provider_chosen_for_it(site: Client) -> None:
    html = page_of(hand_in(site, "0123456789abcdef", name=""))
    assert "<optgroup" not in html
    assert '<option value="">Choose a provider</option>' in html


def test_providers_that_are_set_up_are_linked(site: Client) -> None:
    saved("openai", KEY)
    html = page_of(hand_in(site, KEY, name=""))
    assert "All of it is set here already." in html
    assert '<a href="/providers/openai/">OpenAI</a>' in html


def test_a_route_whose_provider_becomes_the_empty_text_is_a_change(site: Client) -> None:
    defaults = {"model": "gpt-5", "provider": "auto", "subagent_model": "gpt-5-mini"}
    press(site, hand_in(site, {"agents": {"defaults": defaults}}))
    asked = hand_in(site, {"agents": {"defaults": {**defaults, "subagent_provider": ""}}})
    html = page_of(asked)
    assert "No setting changes." not in html
    assert "agents.defaults.subagent_provider" in changes_under(html, "Routes")
    press(site, asked)
    assert Route.objects.get(slot="subagent").provider == ""


def test_another_order_of_ones_own_endpoints_is_a_change(site: Client) -> None:
    entries = {name: {"apiBase": f"https://{name}.example/v1"} for name in ("alpha", "beta")}
    press(site, hand_in(site, {"providers": entries}), all="1")
    asked = hand_in(site, {"providers": dict(reversed(entries.items()))})
    html = page_of(asked)
    assert changes_under(html, IN_FILE) == "providers alpha, beta → beta, alpha"
    press(site, asked)
    assert list(given_back()["providers"]) == ["beta", "alpha"]
    assert "All of it is set here already." in page_of(
        hand_in(site, {"providers": dict(reversed(entries.items()))})
    )


def test_an_import_wakes_no_secret_that_its_preview_did_not_tell_of(site: Client) -> None:
    row = saved("openrouter", KEY)
    row.put_mapping("extra_headers", {"X-Team": "blue-0123456789"})
    row.store()
    moved: dict[str, Any] = {"apiBase": "https://gw.example/v1", "extraBody": {"a": 1}}
    for entry in (moved, {"extraBody": {"a": 2}}):
        press(site, hand_in(site, {"providers": {"openrouter": entry}}))
        assert given_back() == {"providers": {"openrouter": entry}}
    row = Provider.objects.get()
    assert (list(row.sealed), row.values) == (["extra_body"], {"extra_body": ["a"]})

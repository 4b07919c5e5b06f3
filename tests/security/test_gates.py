"""Rules about the code itself, read from the files that git knows."""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import RequestFactory
from django.views.debug import technical_500_response

from facio_site.celery import app
from tests.lock import LOCKS
from tests.security.command import ROOT

CODE = ("facio_site/", "providers/", "routing/", "manage.py")


def tracked(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Path and text of each file that git knows and that still exists."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file() and (not suffixes or path.suffix in suffixes):
            yield name, path.read_bytes().decode(errors="replace")


REAL_KEYS = {
    "Anthropic": r"sk-ant-(?:api|admin)\d\d-[\w-]{80,}",
    "OpenAI": r"sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20}T3BlbkFJ[A-Za-z0-9_-]{20}",
    "OpenRouter": r"sk-or-v1-[0-9a-f]{64}",
    "Hugging Face": r"\bhf_[A-Za-z]{34}\b",
    "Groq": r"\bgsk_[A-Za-z0-9]{52}\b",
    "Google": r"\bAIza[\w-]{35}\b",
    "AWS": r"\b(?:AKIA|ASIA)(?!IOSFODNN7EXAMPLE)[A-Z2-7]{16}\b",
    "GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    "Slack": r"\bxox[abprs]-[\w-]{20,}",
    "private key": r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}",
    "web token": r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}",
    "master key": r"(?<![\w/+-])[A-Za-z0-9_-]{43}=(?![\w=])",
}


def secrets_in(text: str) -> list[str]:
    return [
        name
        for name, pattern in REAL_KEYS.items()
        for match in re.finditer(pattern, text)
        if len(set(match[0])) > 14  # not a pattern made for a test
    ]


@pytest.mark.battery
def test_no_file_of_the_project_holds_a_real_secret() -> None:
    found = {name: kinds for name, text in tracked() if (kinds := secrets_in(text))}
    assert found == {}


def test_a_real_secret_would_be_found() -> None:
    from facio_site.sealing import new_master_key

    assert secrets_in(f"KEY={new_master_key()}\n") == ["master key"]
    assert secrets_in("sk-or-v1-" + "0123456789abcdef" * 4) == ["OpenRouter"]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_is_pinned_with_its_hashes(lock: str) -> None:
    packages = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    packages = [text for text in packages if not text.startswith("#")]
    assert len(packages) > 30
    for text in packages:
        assert re.match(r"[a-z0-9-]+(?:\[[a-z0-9,-]+\])?==\S+", text), text
        assert "--hash=sha256:" in text, text
        assert "://" not in text


# Where each plaintext goes: into a request's header, body or signature; into a search for itself in
# what an upstream said; into a box again; into a file that a person asked for.
REVEALING = {
    "providers/pages/entries.py",
    "providers/dialects/ladder.py",
    "providers/dialects/adapters.py",
    "providers/dialects/particulars.py",
    "providers/dialects/sigv4.py",
    "providers/models/credentials.py",
    "providers/http/door.py",
    "providers/http/transport.py",
    "providers/http/tunnel.py",  # the user and password of the operator's proxy, to it alone
    "providers/kinds/bedrock.py",
    "providers/kinds/opencode_go.py",
    "providers/models/provider.py",
    "routing/config/entries.py",
    "routing/config/env/beside.py",
    "routing/config/env/quickstart.py",
    "routing/config/export.py",
    "routing/config/importing/answering.py",  # of a .env, for the names that config.json has
    "routing/state/store.py",
    "routing/state/__init__.py",
    # What a channel was entered with, into the request to its own receiver
    "routing/watch/alerts/channels/discord.py",
    "routing/watch/alerts/channels/json.py",
    "routing/watch/alerts/channels/mattermost.py",
    "routing/watch/alerts/channels/ntfy.py",
    "routing/watch/alerts/channels/slack.py",
    "routing/watch/alerts/channels/telegram.py",
}
# What marks text as markup: icons of a package, and help that the site's own forms give.
MARKING = {
    "facio_site/templatetags/ui.py",
    "templates/forms/field.html",
}


# A view that changes nothing, whose caller has a token and no cookie: it is a 404 to all others.
EXEMPT = {("routing/pages/metrics.py", "csrf_exempt")}


def test_s27_plaintext_is_asked_for_in_few_places_and_each_is_listed() -> None:
    """Whoever adds a module here has looked at where its plaintext goes."""
    found = {
        name
        for name, text in tracked(".py")
        if name.startswith(CODE) and ".reveal()" in text and name != "providers/spec/secret.py"
    }
    assert found <= REVEALING


def test_s58_text_is_marked_as_markup_in_few_places_and_each_is_listed() -> None:
    found = {
        name
        for name, text in tracked(".py", ".html")
        if name.startswith((*CODE, "templates/"))
        and re.search(r"\bmark_safe\(|\|\s*safe\b|autoescape off", text)
    }
    assert found <= MARKING


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False", "S12: TLS is verified"),
        (r"follow_redirects\s*=\s*True", "S5: no redirect is followed"),
        (r"trust_env\s*=\s*True", "S6: the environment has no say"),
        (r"shell\s*=\s*True|os\.system\(|\bpickle\b|yaml\.load", "no code as text"),
        (r"(?<![\w.])(?:eval|exec)\(", "no code as text"),
        (r"csrf_exempt", "S54: every change has its token"),
        (r"os\.path\.expandvars|expandvars\(|os\.environ\[[a-z]", "S32: nothing is expanded"),
        (r"\bextra\(|RawSQL|\.raw\(", "S62: no SQL by hand"),
    ],
)
def test_some_words_stand_nowhere_in_the_code(pattern: str, why: str) -> None:
    found = [
        f"{name}: {line.strip()}"
        for name, text in tracked(".py", ".html")
        if name.startswith((*CODE, "templates/"))
        for line in text.splitlines()
        if re.search(pattern, line) and not line.lstrip().startswith("#")
        if (name, pattern) not in EXEMPT
    ]
    assert found == [], why


def test_s29_a_task_takes_one_id_or_nothing_and_stores_no_result() -> None:
    ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    assert len(ours) >= 3
    for task in ours:
        assert list(inspect.signature(task.run).parameters) in ([], ["job_id"], ["channel_id"])
        assert task.ignore_result
    assert app.conf.result_backend in (None, "disabled://")
    assert (app.conf.task_serializer, app.conf.accept_content) == ("json", ["json"])


def test_s72_a_test_is_not_repeated_by_itself() -> None:
    conf = app.conf
    assert not conf.task_acks_late
    assert conf.worker_prefetch_multiplier == 1
    assert conf.worker_disable_prefetch  # nor taken by who cannot begin it
    assert conf.task_time_limit is conf.task_soft_time_limit is None
    assert not [task for task in app.tasks.values() if getattr(task, "autoretry_for", ())]


def test_s73_publishing_gives_up_soon() -> None:
    conf = app.conf
    assert conf.task_publish_retry is False
    options = conf.broker_transport_options
    assert options["socket_timeout"] <= 2
    assert options["socket_connect_timeout"] <= 2
    assert options["max_retries"] == 1


def test_s30_a_report_shows_names_and_no_values(rf: RequestFactory) -> None:
    posted, kept, local = (token_hex(8) for _ in range(3))
    request = rf.post("/providers/openrouter/", {"api_key": posted})
    request.COOKIES["session"] = kept

    def fails(typed: str) -> None:
        raise RuntimeError("it broke")

    try:
        fails(local)
    except RuntimeError:
        page = technical_500_response(request, *sys.exc_info()).content.decode()  # type: ignore[arg-type]
    assert "it broke" in page
    for secret in (posted, kept, local):
        assert secret not in page
    assert "SESSION_COOKIE_" + "SAMESITE" not in page


def test_s30_no_report_is_ever_mailed() -> None:
    """Alerts have a way of their own (routing/watch/alerts/mail.py): Django itself has none."""
    from facio_site import settings as real

    assert real.EMAIL_BACKEND.endswith("dummy.EmailBackend")
    assert not django_settings.ADMINS
    assert "AdminEmailHandler" not in str(real.LOGGING)


def test_s50_sign_in_is_allauths_with_strong_hashes() -> None:
    from facio_site import settings as real

    assert real.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    assert real.MFA_SUPPORTED_TYPES == ["totp", "webauthn", "recovery_codes"]
    assert real.MFA_PASSKEY_LOGIN_ENABLED
    lengths: list[Any] = [v.get("OPTIONS", {}) for v in real.AUTH_PASSWORD_VALIDATORS]
    assert {"min_length": 12} in lengths


def test_continuous_integration_runs_what_developers_run() -> None:
    script = (Path(ROOT) / ".ci" / "run").read_text()
    assert "make check" in script
    for package in ("chromium", "redis-server", "postgresql"):
        assert package in script

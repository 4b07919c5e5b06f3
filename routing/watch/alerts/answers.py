"""What a receiver's answer means, and what is said of it. Its own words are neither kept nor
shown: they are somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from providers.dialects.particulars import retry_after_s
from providers.http import Reply
from providers.spec.outcomes import Outcome, Verdict
from providers.wording import sentence as of_call
from providers.wording.shape import Sentences
from routing.models.alerts import FAULT_LENGTH

_BY_STATUS = {
    401: Outcome.BAD_KEY,
    403: Outcome.FORBIDDEN,
    404: Outcome.BAD_ENDPOINT,
    408: Outcome.TIMEOUT,
    410: Outcome.BAD_ENDPOINT,
    429: Outcome.RATE_LIMITED,
}
# What only a person can mend: tried again all the same, at long pauses
LASTING = frozenset(
    {
        *(Outcome.BAD_KEY, Outcome.FORBIDDEN, Outcome.BAD_ENDPOINT, Outcome.BAD_REQUEST),
        *(Outcome.BLOCKED_ADDRESS, Outcome.MISSING_CONFIG, Outcome.NO_KEY, Outcome.TLS_ERROR),
    }
)


def judge(reply: Reply) -> Verdict:
    """By the status alone: any 2xx is a yes."""
    status = reply.status
    if 200 <= status < 300:
        return Verdict(Outcome.OK, http_status=status)
    params: dict[str, Any] = {"status": status}
    if status in (429, 503) and (wait := retry_after_s(reply, datetime.now(UTC))):
        params["retry_after_s"] = wait
    if 300 <= status < 400:
        return Verdict(Outcome.BAD_ENDPOINT, "redirected", params, status)
    if status >= 500:
        return Verdict(Outcome.SERVER_ERROR, "", params, status)
    outcome = _BY_STATUS.get(status, Outcome.BAD_REQUEST)
    return Verdict(outcome, "", params, status)


def unless(reply: Reply, *, is_taken: bool) -> Verdict:
    """The same, where a 2xx is only a yes with what the service always says in it."""
    verdict = judge(reply)
    if verdict.outcome is not Outcome.OK or is_taken:
        return verdict
    return Verdict(Outcome.UNEXPECTED_RESPONSE, "not_taken", {"status": reply.status}, reply.status)


def says_ok(reply: Reply) -> Verdict:
    """As Slack does, in a word or as JSON, or as a server that takes Slack's webhooks. Asked again,
    it would post the message again.

    Source: https://github.com/RocketChat/Rocket.Chat/issues/29230 ({"success": true})
    """
    if isinstance(reply.data, dict):
        is_taken = reply.data.get("ok") is True or reply.data.get("success") is True
    else:
        is_taken = reply.text.strip() == "ok"
    return unless(reply, is_taken=is_taken)


def has_id(reply: Reply) -> Verdict:
    """The stored message comes back."""
    return unless(reply, is_taken=isinstance(reply.data, dict) and "id" in reply.data)


_SOME_REFUSED = _(
    "The mail server took the message, but refused some of the recipients. Check them."
)
SENTENCES: Sentences = {
    Outcome.OK: {
        "sent": _("The message was taken."),
        "some_refused": _SOME_REFUSED,
        "": _("That worked."),
    },
    Outcome.MISSING_CONFIG: {
        "no_mail": _("No mail server is set: the operator sets SMTP_HOST and restarts."),
        "": _("A secret of this channel is missing or for another address. Type it again."),
    },
    Outcome.BAD_KEY: {
        "sign_in": _(
            "The mail server refuses the user or the password. The operator corrects SMTP_USER and "
            "SMTP_PASSWORD."
        ),
        "no_sign_in": _(
            "The mail server offers no sign-in on this port. The operator corrects SMTP_PORT and "
            "SMTP_SECURITY, or sets no SMTP_USER."
        ),
        "wants_more": _(
            "The mail server takes mail only after a sign-in or over an encrypted connection. The "
            "operator sets SMTP_USER and SMTP_PASSWORD, or corrects SMTP_SECURITY."
        ),
        "": _("The receiver refuses the token or the address of the webhook (401). Renew it."),
    },
    Outcome.FORBIDDEN: {
        "": _(
            "The receiver does not let this message in (403). Check the rights of the webhook, bot "
            "or token."
        ),
    },
    Outcome.BAD_ENDPOINT: {
        "redirected": _(
            "The receiver points to another address, which is not followed. Enter the final one."
        ),
        "no_bot": _("Telegram knows no such bot. Copy the token from BotFather again."),
        "": _(
            "The receiver knows no such webhook. It may have been removed there: make a new one "
            "and paste its address."
        ),
    },
    Outcome.BAD_REQUEST: {
        "no_chat": _(
            "Telegram did not take the message. Check the chat ID and the topic ID; the bot must "
            "be in the group, and the topic open. Write to the bot once."
        ),
        "chat_moved": _(
            "The group has become a supergroup, with another chat ID: %(chat)s. Enter that one."
        ),
        "forum": _(
            "This webhook belongs to a forum. Add ?thread_id= and the ID of one of its posts to "
            "the URL, or create a webhook for a text channel."
        ),
        "some_refused": _SOME_REFUSED,
        "recipients": _("The mail server does not take mail for these recipients. Check them."),
        "recipients_unsigned": _(
            "The mail server does not take mail for these recipients, at least not without a "
            "sign-in. Check them; or the operator sets SMTP_USER and SMTP_PASSWORD."
        ),
        "greeting": _(
            "The mail server refuses the name by which this site greets it. The operator sets "
            "PUBLIC_URL to the site's public name."
        ),
        "sender": _(
            "The mail server does not take mail from this sender. The operator corrects SMTP_FROM."
        ),
        "": (
            _("The receiver did not take the message (HTTP %(status)s). Check every field."),
            _("The receiver did not take the message. Check every field."),
        ),
    },
    Outcome.RATE_LIMITED: {
        "test": (
            _("The receiver takes no more for now. Send the test again in %(wait)s."),
            _("The receiver takes no more for now. Send the test again later."),
        ),
        "": (
            _("The receiver takes no more for now. It is tried again in %(wait)s."),
            _("The receiver takes no more for now. It is tried again."),
        ),
    },
    Outcome.SERVER_ERROR: {
        "mail": _("The mail server does not take the message for now."),
        "": (
            _("The receiver has a fault of its own (HTTP %(status)s)."),
            _("The receiver has a fault of its own."),
        ),
    },
    Outcome.UNEXPECTED_RESPONSE: {
        "not_taken": _(
            "Something answered, but did not say that it took the message. Check the address: it "
            "may lead to a website or a login page."
        ),
        "too_large": _("The answer is larger than any receiver's is, and was not read."),
        "too_deep": _("The answer is larger than any receiver's is, and was not read."),
        "bomb": _("The answer is larger than any receiver's is, and was not read."),
        "not_smtp": _("What answers there is no mail server. Check SMTP_HOST and SMTP_PORT."),
        "": _("Something answered, but not as this service does. Check the address."),
    },
    Outcome.BLOCKED_ADDRESS: {
        "never": _(
            "%(host)s leads to an address that is never called, such as a cloud's metadata "
            "service. No setting opens it; enter the address of the receiver."
        ),
        "own_port": _(
            "%(place)s is a port of this installation itself: web, broker or database. No setting "
            "opens it; enter the port of the receiver."
        ),
        "plain_http": _(
            "Over plain http the message could be read on its way to %(host)s, so nothing was "
            "sent. Use https; or the operator sets OUTBOUND_ALLOW=%(token)s (a comma between "
            "several) and restarts."
        ),
    },
    Outcome.DNS_ERROR: {
        "bad_name": _("%(host)s is no name that can be looked up. Correct it in the address."),
    },
    Outcome.TLS_ERROR: {
        "no_starttls": _(
            "The mail server offers no encryption (STARTTLS), so nothing was sent. The operator "
            "sets SMTP_SECURITY and SMTP_PORT as the server wants."
        ),
        "mail_not_tls": _(
            "The mail server does not speak TLS from the start on this port. The operator sets "
            "SMTP_SECURITY to starttls, or SMTP_PORT to a port for TLS (mostly 465)."
        ),
        "not_tls": _(
            "%(place)s does not speak TLS. Check the port; if the receiver offers plain http only, "
            "begin the address with http://."
        ),
    },
    Outcome.TIMEOUT: {
        "deadline": _("The receiver did not answer to the end in time."),
        "read": _("The message was sent, but no answer came in time."),
        "no_greeting": _(
            "The mail server says nothing. Where its port speaks TLS from the start (mostly 465), "
            "the operator sets SMTP_SECURITY to tls."
        ),
        "": _("The receiver did not answer in time."),
    },
    Outcome.NO_KEY: {
        "": _("The secrets of this channel can't be opened: the master key is missing."),
    },
}


def sentence(outcome: str, detail: str = "", params: Mapping[str, Any] | None = None) -> str:
    """What happened and what to do: our own words for channels, else those for any call."""
    return of_call(outcome, detail, params, own=SENTENCES)


def of_trial(outcome: str, detail: str = "", params: Mapping[str, Any] | None = None) -> str:
    """Of “Send a test”, which nobody sends again."""
    is_limited = outcome == Outcome.RATE_LIMITED and not detail
    return sentence(outcome, "test" if is_limited else detail, params)


def fault_of(verdict: Verdict) -> str:
    """What a channel keeps of a message that was not taken, or not by everybody."""
    outcome = Outcome.BAD_REQUEST if verdict.outcome is Outcome.OK else verdict.outcome
    return f"{outcome}:{verdict.detail}"[:FAULT_LENGTH] if verdict.detail else str(outcome)


def of_fault(fault: str) -> str:
    """The sentence of what `fault_of` gave; "" for ""."""
    outcome, _colon, detail = fault.partition(":")
    return sentence(outcome, detail) if fault else ""


def is_partial(fault: str) -> bool:
    """Messages arrive, but do not reach everybody."""
    return fault == f"{Outcome.BAD_REQUEST}:some_refused"

"""E-mail by the operator's own mail server.

The server stands in the environment (SMTP_HOST and the like), so the form asks for recipients only.
Source: https://docs.djangoproject.com/en/5.2/topics/email/
"""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext

from facio_site.marked import marked as _
from routing.watch.alerts.spec import ChannelField, ChannelSpec, Mail, Message, Secrets, Values

MOST_RECIPIENTS = 20


def recipients(text: str) -> str:
    """One a line. Every one is an address by itself, so that no header can be smuggled in."""
    parts = [part.strip() for line in text.splitlines() for part in line.split(",")]
    found = list(dict.fromkeys(filter(None, parts)))
    for one in found:
        try:
            validate_email(one)
        except ValidationError:
            shown = one[:60]
            raise ValueError(gettext("This is no e-mail address: %s") % shown) from None
    if len(found) > MOST_RECIPIENTS:
        raise ValueError(gettext("Enter at most %d recipients.") % MOST_RECIPIENTS)
    return "\n".join(found)


def build(values: Values, secrets: Secrets, message: Message) -> Mail:
    return Mail(
        to=tuple(values["to"].splitlines()),
        subject=" ".join(message.title.split()),
        body=f"{message.text}\n\n{message.link}\n",
        message_id=message.id,
    )


SPEC = ChannelSpec(
    kind="email",
    label=_("E-mail"),
    docs_url="https://docs.djangoproject.com/en/5.2/topics/email/",
    help=_("Sent by the mail server that the operator has set."),
    fields=(
        ChannelField(
            name="to",
            label=_("Recipients"),
            help=_("One a line, or with commas between them."),
            is_lines=True,
            placeholder="ops@example.org",
            validator=recipients,
        ),
    ),
    build=build,
    needs="SMTP_HOST",
)

"""Small tags for looks: icons, marks, status pills, times. Not here: words of one page, queries."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zlib import crc32

from django import template
from django.conf import settings
from django.template import Context, defaultfilters
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide

from facio_site import clock
from facio_site.attention import Needed, needed

register = template.Library()

THEMES = ("system", "light", "dark")

# What an outcome or a state of a job looks like and is called in a pill. Anything else is idle.
_STATUS: Mapping[str, tuple[str, Any]] = {
    "ok": ("ok", gettext_lazy("Works")),
    "key_ok": ("info", gettext_lazy("Key accepted")),  # of a provider, where a model is asked for
    "answers": ("info", gettext_lazy("Server answers")),  # likewise, without a proven key
    "reachable_unverified": ("info", gettext_lazy("Reachable, key not proven")),
    "reference": ("info", gettext_lazy("Only the agent can tell")),
    "missing_config": ("warn", gettext_lazy("Incomplete")),
    "bad_key": ("error", gettext_lazy("Key rejected")),
    "forbidden": ("warn", gettext_lazy("Permission missing")),
    "no_credit": ("warn", gettext_lazy("No credit")),
    "rate_limited": ("warn", gettext_lazy("Rate limited")),
    "model_not_found": ("error", gettext_lazy("Model not found")),
    "bad_endpoint": ("error", gettext_lazy("Wrong address")),
    "bad_request": ("error", gettext_lazy("Request refused")),
    "server_error": ("error", gettext_lazy("Provider error")),
    "receiver_error": ("error", gettext_lazy("Receiver error")),  # of a channel of alerts
    "not_taken": ("error", gettext_lazy("Not taken")),  # likewise
    "dns_error": ("error", gettext_lazy("Name not found")),
    "tls_error": ("error", gettext_lazy("Certificate problem")),
    "unreachable": ("error", gettext_lazy("Unreachable")),
    "timeout": ("error", gettext_lazy("Timed out")),
    "unexpected_response": ("error", gettext_lazy("Unusable answer")),
    "blocked_address": ("error", gettext_lazy("Address not allowed")),
    "no_answer": ("warn", gettext_lazy("No answer")),
    "no_worker": ("warn", gettext_lazy("No worker")),
    "no_key": ("warn", gettext_lazy("No master key")),
    "cancelled": ("idle", gettext_lazy("Cancelled")),
    "internal_error": ("error", gettext_lazy("Internal error")),
    "never": ("idle", gettext_lazy("Not tested")),
    "queued": ("running", gettext_lazy("Waiting")),
    "running": ("running", gettext_lazy("Running")),
    "skipped": ("idle", gettext_lazy("Skipped")),
    "attention": ("warn", gettext_lazy("Needs attention")),
    "not_configured": ("idle", gettext_lazy("Not set up")),
}
_TONE_ICONS = {
    "ok": "check",
    "warn": "triangle-alert",
    "error": "x",
    "info": "info",
    "idle": "minus",
}
_OWN_LINK = "users/"  # below another page in its address, beside it in the navigation
HUES = 8  # of monograms; the style sheet has one rule for each
# Kinds whose initials another kind has already.
_MONOGRAMS = {"dashscope": "Da", "opencode_go": "OG"}


# The same for each of the thirty on a page: said once, by the style sheets, of class "i".
_STROKE = (
    ' fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"'
    ' stroke-linejoin="round"'
)


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, size: int = 16) -> SafeString:
    """An inline icon of the lucide set, hidden from screen readers: the text beside it speaks."""
    svg = lucide(str(name), size=size, **{"class": "i", "aria-hidden": "true"})
    bare = "".join(line.strip() for line in svg.splitlines()).replace(_STROKE, "", 1)
    return mark_safe(bare)  # noqa: S308 - own package


@register.simple_tag
def tone_icon(tone: str, size: int = 16) -> SafeString:
    """The icon that goes with a tone; empty while something runs (CSS draws a spinner)."""
    name = _TONE_ICONS.get(str(tone))
    return icon(name, size) if name else SafeString("")


@register.filter
def tone(status: str) -> str:
    """The tone (data-tone) of an outcome or a job state; idle for "" and unknown words."""
    return _STATUS.get(str(status or ""), ("idle", ""))[0]


@register.filter
def message_tone(level: str) -> str:
    """The tone of a message by its level tag."""
    return {"success": "ok", "warning": "warn", "error": "error"}.get(level, "info")


@register.filter
def status_label(status: str) -> str:
    """The few words for an outcome or a job state; "Not tested" for ""."""
    return str(_STATUS.get(str(status or "never"), ("", status))[1])


@register.simple_tag
def status(value: str) -> SafeString:
    """A status pill with tone and words of an outcome or a job state."""
    return pill(tone(value), status_label(value))


@register.simple_tag
def pill(tone_name: str, text: str) -> SafeString:
    """A status pill in a tone with words of one's own."""
    return format_html('<span class="pill" data-tone="{}">{}</span>', tone_name, text)


@register.simple_tag
def mark(kind: str, label: str, size: str = "") -> SafeString:
    """A provider's monogram in two tones: ours, no trademark. `size` is "" or "sm".

    The hue comes from the name, so it is the same on every page, and quieter than any state's.
    """
    return format_html(
        '<span class="mark{}" data-hue="{}" aria-hidden="true">{}</span>',
        " mark-sm" if size == "sm" else "",
        crc32(str(kind).encode()) % HUES,
        _MONOGRAMS.get(str(kind)) or monogram(label),
    )


@register.simple_tag
def mini_mark(kind: str, label: str, state: str) -> SafeString:
    """A list item: a small monogram in the tone of a state or outcome, with words to hear."""
    words = f"{label}: {status_label(state)}"
    return format_html(
        '<li class="mark mark-sm" data-tone="{}" title="{}"><span aria-hidden="true">{}</span>'
        '<span class="sr">{}</span></li>',
        tone(state),
        words,
        _MONOGRAMS.get(str(kind)) or monogram(label),
        words,
    )


def monogram(label: str) -> str:
    """Two letters: initials of words and inner capitals, else the first two letters."""
    words = [word for word in str(label).split() if word[0].isalnum()]
    if len(words) > 1:
        return words[0][0].upper() + words[1][0].upper()
    word = words[0] if words else "?"
    inner = [letter for letter in word[1:] if letter.isupper()]
    return word[0].upper() + (inner[0] if inner else word[1:2].lower())


@register.simple_tag
def ago(moment: datetime | None, missing: str = "") -> SafeString | str:
    """How long ago, as <time> with the exact moment as its title; `missing` for None."""
    if moment is None:
        return missing
    return format_html(
        '<time datetime="{}" title="{}" data-age>{}</time>',
        moment.isoformat(timespec="seconds"),
        _exact(moment, get_language()),
        age((clock.about_now() - moment).total_seconds()),
    )


@register.simple_tag
def moment(value: datetime | None, missing: str = "") -> SafeString | str:
    """A moment in full, as <time>: in the reader's zone by app.js, else in the server's, named."""
    if value is None:
        return missing
    iso = value.isoformat(timespec="seconds")
    return format_html('<time datetime="{}">{}</time>', iso, _exact(value, get_language()))


@register.simple_tag
def at(moment: datetime, words: str) -> SafeString:
    """Words for a moment, as <time> with the exact one as its title."""
    iso, exact = moment.isoformat(timespec="seconds"), _exact(moment, get_language())
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, exact, words)


@lru_cache(maxsize=2048)
def _exact(moment: datetime, _language: str | None) -> str:
    """The moment in full; lists show the same ones on every page."""
    there = timezone.localtime(moment)
    return f"{formats.date_format(there, 'DATETIME_FORMAT')} {there.tzname()}"


@register.simple_tag
def ages() -> str:
    """What `age` says, for app.js to go on with: words for seconds, minutes, hours, a day, days."""
    days = [ngettext("%d day ago", "%d days ago", n).replace("%d", "%") for n in (1, 2)]
    units = [_("%d s ago"), _("%d min ago"), _("%d h ago")]
    return "|".join([_("just now"), *(one.replace("%d", "%") for one in units), *days])


@register.simple_tag
def unsaved_words() -> str:
    """What a save bar says, for app.js to go on with: of no, of one and of more changes."""
    return "|".join([unsaved_said(0), unsaved_said(1), unsaved_said(2).replace("2", "%")])


@register.simple_tag
def unsaved_said(count: int) -> str:
    """What a save bar says of so many changes."""
    if not count:
        return _("No unsaved changes")
    return ngettext("%d unsaved change", "%d unsaved changes", count) % count


def age(seconds: float) -> str:
    """How long ago, in the largest unit that fits."""
    if seconds < 10:
        return _("just now")
    if seconds < 60:
        return _("%d s ago") % seconds
    if seconds < 3600:
        return _("%d min ago") % (seconds // 60)
    if seconds < 86400:
        return _("%d h ago") % (seconds // 3600)
    days = int(seconds // 86400)
    return ngettext("%d day ago", "%d days ago", days) % days


def age_lasts(seconds: float) -> float:
    """For how many seconds more `age` says the same."""
    if seconds < 10:
        return 10 - seconds
    units = ((1, 60), (60, 3600), (3600, 86400))
    unit = next((unit for unit, end in units if seconds < end), 86400)
    return unit - seconds % unit


@register.filter
def ms(value: float | None) -> str:
    """Milliseconds as people read them: "3.2 ms", "142 ms", "1.24 s"; "" for None."""
    if value is None:
        return ""
    if value >= 1000:
        return f"{formats.number_format(round(value / 1000, 2), 2)} s"
    places = 1 if value < 10 and isinstance(value, float) else 0
    return f"{formats.number_format(round(value, places), places)} ms"


@register.filter
def lasting(seconds: float) -> str:
    """How long something lasted, in its two largest units: "40 s", "42 min", "3 h 5 min".

    Never more than it was, as `ago` is: what began 8 minutes ago has not lasted for 9.
    """
    if seconds < 60:
        return _("%d s") % seconds
    minutes = int(seconds // 60)
    if minutes < 60:
        return _("%d min") % minutes
    if minutes < 48 * 60:
        rest = _("%d min") % (minutes % 60) if minutes % 60 else ""
        return " ".join(filter(None, (_("%d h") % (minutes // 60), rest)))
    days, hours = divmod(minutes // 60, 24)
    rest = _("%d h") % hours if hours else ""
    return " ".join(filter(None, (ngettext("%d day", "%d days", days) % days, rest)))


@register.filter
def percent(value: float) -> str:
    """With one digit where it says something, as the language writes it: "100%", "66.6%"."""
    return _("%s%%") % defaultfilters.floatformat(value, "-1g")


@register.filter
def short(value: int | None) -> str:
    """Token counts as people read them: "8K", "128K", "1M"; "" for None."""
    if value is None:
        return ""
    for size, unit in ((1_000_000, "M"), (1_000, "K")):
        if value >= size:
            number = round(value / size, 1 if value < 100 * size else 0)
            return f"{formats.number_format(number, 0 if number % 1 == 0 else 1)}{unit}"
    return str(value)


@register.simple_block_tag
def capture(content: str) -> str:
    """What stands inside, for {% capture as name %}: a block that a page shows twice."""
    return content


@register.simple_tag
def wrong_fields(form: Any) -> list[Any]:
    """The visible fields of a form that have errors, as they stand on the page; [] for no form."""
    return [field for field in form.visible_fields() if field.errors] if form else []


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """The theme of the cookie: system, light or dark; system where there is no request."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request is not None else ""
    return chosen if chosen in THEMES else THEMES[0]


@register.simple_tag(takes_context=True)
def attention(context: Context) -> Needed:
    """How much needs attention, by page; nothing for a stranger."""
    return needed(context.get("request"))


@register.simple_tag
def languages() -> SafeString:
    """A button for each other language, named in itself; for a form that posts to /language/."""
    now = get_language()
    others = [get_language_info(code) for code, _name in settings.LANGUAGES if code != now]
    rows = [(one["code"], one["code"], one["name_local"].capitalize()) for one in others]
    row = '<button class="btn btn-ghost btn-sm" name="language" value="{}" lang="{}">{}</button>'
    return format_html_join("", row, rows)


@register.simple_tag(takes_context=True)
def here(context: Context, path: str) -> SafeString:
    """aria-current of a link in the navigation: "page" on it, "true" below it.

    Where a link leads further down, as Users does from Account, only that one is marked.
    """
    request = context.get("request")
    now = request.path if request is not None else ""
    if now == path:
        return SafeString(' aria-current="page"')
    is_below = (
        path != settings.COOKIE_PATH
        and now.startswith(path)
        and not now.startswith(_OWN_LINK, len(path))
    )
    return SafeString(' aria-current="true"' if is_below else "")

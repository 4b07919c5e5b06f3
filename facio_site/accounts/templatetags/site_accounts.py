"""What sign-in pages ask about the request."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.http.request import split_domain_port
from django.utils.translation import gettext as _

from facio_site.accounts.going_on import waiting
from facio_site.commands import needs, whole

register = template.Library()
# Words in a User-Agent header, the more telling first: each browser claims to be its ancestors.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


@register.simple_tag(takes_context=True)
def passkeys_possible(context: dict[str, Any]) -> bool:
    """Browsers bind passkeys to a name over https, or to localhost; never to an IP address.

    Source: https://www.w3.org/TR/webauthn-3/#rp-id
    """
    request = context["request"]
    host = split_domain_port(request.get_host())[0].strip("[]")
    try:
        ip_address(host)
    except ValueError:
        return request.is_secure() or host == "localhost" or host.endswith(".localhost")
    return False


@register.simple_tag(takes_context=True)
def going_on(context: dict[str, Any]) -> dict[str, Any] | None:
    """The form that was held up by the question for the password, once on its page; else None."""
    return waiting(context["request"]) if "request" in context else None


@register.simple_tag
def command(*words: str) -> dict[str, Any]:
    """`line` of a command of ours: whole where only this machine reaches the site, else short.

    Strangers need not know its folders. `needs`: a variable that the shell must have as well.
    """
    if not _is_private():
        return {"line": " ".join(["manage.py", *words]), "needs": "", "is_whole": False}
    return {"line": whole(*words), "needs": needs(), "is_whole": True}


def _is_private() -> bool:
    """The public address is this machine's own, so nobody else is asking."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@register.filter
def browser(user_agent: str) -> str:
    """The header as a person would say it, "Firefox on Linux"; as it is when it tells neither."""
    names = [
        next((name for word, name in known.items() if word in user_agent), "")
        for known in (BROWSERS, SYSTEMS)
    ]
    if not all(names):
        return "".join(names) or user_agent
    return _("%(browser)s on %(system)s") % {"browser": names[0], "system": names[1]}

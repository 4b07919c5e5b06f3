"""What sign-in pages ask about the request."""

from ipaddress import ip_address
from typing import Any

from django import template
from django.http.request import split_domain_port

register = template.Library()


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

"""Outcomes that are about the address: no such API there, or it is elsewhere."""

from django.utils.translation import gettext_lazy as _

from providers.spec.outcomes import Outcome
from providers.wording.shape import Sentences

PLACES: Sentences = {
    Outcome.BAD_ENDPOINT: {
        "": _(
            "The server has no such API at this address. Check the API base: its path may lack a "
            "part, or have one too many."
        ),
        "bad_url": (
            _("The address cannot be used, so nothing was sent. %(reason)s"),
            _("The address cannot be used, so nothing was sent. Write it as https://host/path."),
        ),
        "bad_region": _(
            "The region is not written as AWS does, so nothing was sent. Write it like us-east-1."
        ),
        "redirect": _(
            "The server points to another address that cannot be read. Enter the final address as "
            "the API base."
        ),
        "redirect_slash": _(
            "The server points to the same address with or without a slash at its end: %(target)s. "
            "It may be set up to answer here as well."
        ),
        "redirect_path": (
            _(
                "The server points to another path, %(target)s, and the API answers there. Enter "
                "%(base)s as the API base."
            ),
            _(
                "The server points to another path, %(target)s, which is not followed. If the API "
                "is there, enter its address as the API base."
            ),
        ),
        "redirect_https": (
            _(
                "The server wants https: it points to %(target)s. Enter %(base)s as the API base; "
                "the key is asked for again then."
            ),
            _("The server wants https: it points to %(target)s. Begin the API base with https://."),
        ),
        "redirect_http": _(
            "The server points to %(target)s, which is plain http, where the key could be read on "
            "its way. It was not sent there; whoever runs the server must correct it."
        ),
        "redirect_host": _(
            "The server points to another host, %(target)s. That is not followed, so that the key "
            "goes nowhere else; if that host is meant, enter its address as the API base."
        ),
        "redirect_sign_in": _(
            "The server points to a page to sign in, %(target)s. Something in front of the API "
            "asks for that; give what it accepts as extra headers, or open this path there."
        ),
        "wants_https": (
            _(
                "The port speaks https and was called in plain http. Enter %(base)s as the API "
                "base; the key is asked for again then."
            ),
            _("The port speaks https and was called in plain http. Begin the API base with https."),
        ),
        "plain_key": _(
            "The agent's client for Bedrock sends an API key over https only. Enter %(base)s as "
            "the API base, or use access keys."
        ),
        "regional_host": (
            _(
                "The key belongs to a project whose data stays in one region, which has an address "
                "of its own. Enter %(base)s as the API base; the key is asked for again then."
            ),
            _(
                "The key belongs to a project whose data stays in one region, which has an address "
                "of its own. Enter the API base of that region."
            ),
        ),
        "suggest_base": _(
            "There is no such API at this address, but there is one at %(base)s. Enter that as the "
            "API base."
        ),
        "call_pasted": _(
            "The API base is the address of a single call, or has a part twice. Enter %(base)s "
            "instead."
        ),
        "front": _(
            "A web page that finds nothing came instead of the API's answer, perhaps from a tunnel "
            "or proxy in front. Check the API base; include a model in the test to see whether it "
            "answers all the same."
        ),
        "no_list": _(
            "There is no list of models at this address: the API base is not quite right, or this "
            "server has none. Include a model in the test to find out, and type its name by hand."
        ),
        "wrong_path": _(
            "The server is there, but knows no such path. Enter the API base as the provider "
            "states it, without the path of a single call."
        ),
        "api_version": _(
            "The resource does not take this version of the API. Enter its endpoint alone, without "
            "path and version; an old resource may have to be upgraded."
        ),
        "project_url": _(
            "This is the address of a project. Enter the endpoint of its resource, without "
            "/api/projects and what follows."
        ),
    },
}

"""Outcomes that an answer was read to mean: key, credit, model, address."""

from django.utils.translation import gettext_lazy as _

from providers.spec.outcomes import Outcome
from providers.wording.shape import Sentences

# Of a fetch.
LISTED = (
    _(
        "Models listed: %(count)s. Rows not kept: %(dropped)s, of them without a usable id: "
        "%(unnamed)s."
    ),
    _("Models listed: %(count)s. Rows not kept: %(dropped)s."),
    _("Models listed: %(count)s."),
)
ANSWERS: Sentences = {
    Outcome.OK: {
        "": (
            _("The model %(model)s answered."),
            *LISTED,
            _("The provider accepted the key and answered as it should."),
        ),
        "goes_on": (
            _(
                "Models listed: %(count)s. Rows not kept: %(dropped)s. The list goes on, but its "
                "further pages could not be read; a name that is missing here can be typed."
            ),
            _(
                "Models listed: %(count)s. The list goes on, but its further pages could not be "
                "read; a name that is missing here can be typed."
            ),
            _(
                "The list goes on, but its further pages could not be read; a name that is missing "
                "here can be typed."
            ),
        ),
        "hosts_file": _("Taken from the operator's hosts file; no name server was asked."),
        "literal": _("The address is numeric, so there was no name to look up."),
        "unresolved": _(
            "The form is right. Whether it may be called depends on where the name leads."
        ),
        "no_models": _(
            "The server answers, but has no model yet. Load or pull one there, then fetch the list."
        ),
        "no_list_scope": _(
            "The key works: a model answered. It may not list models, so type their names by hand."
        ),
        "no_list": _(
            "The model answered. This server offers no list of models, so type their names by hand."
        ),
        "permission_unproven": _(
            "The token is good. Whether it may call models shows only with one: include a model in "
            "the test."
        ),
        "model_proves": _("Nothing else here could prove the key, but a model answered with it."),
    },
    Outcome.REACHABLE_UNVERIFIED: {
        "": _(
            "The server answers, but nothing that was asked can prove this key. Include a model in "
            "the test to be sure."
        ),
        "empty_list": _(
            "The list of models came back empty, which proves nothing about the key. Check its "
            "project and region, or include a model in the test."
        ),
        "public_list": _(
            "What was asked is answered to anybody, with or without a key. Include a model in the "
            "test to prove this one."
        ),
        "key_not_checked": _(
            "The server gives the same answer without the key, so it does not seem to look at it. "
            "If it should, start it with a key."
        ),
        "control_failed": _(
            "The server answers, but the same call without the key failed in another way, so the "
            "key is not proven. Test again in a moment."
        ),
        "proof_elsewhere": _(
            "The server answers, but the call that proves a key is offered only at the provider's "
            "own address, not at this one. Include a model in the test."
        ),
    },
    Outcome.BAD_KEY: {
        "": _(
            "The provider refused the key: it is wrong, revoked, expired, or of another region or "
            "product. Copy it again from the provider's console."
        ),
        "unsendable": (
            _("%(reason)s Nothing was sent."),
            _(
                "The value of the header %(header)s cannot be sent: it holds a line break, an "
                "accent or a curly quote. Type it again. Nothing was sent."
            ),
            _("The key holds a character that cannot be sent, so nothing was. Copy it again."),
        ),
        "key_required": _(
            "The server asks for a key and none is entered. Enter the one that it expects."
        ),
        "key_or_endpoint": _(
            "The key is wrong, or does not belong to this endpoint. Copy both from the same "
            "resource in the Azure portal."
        ),
        "key_or_path": _(
            "The provider refused the key. It says the same about a wrong path, so check both the "
            "key and the API base."
        ),
        "region_or_plan": _(
            "The provider refused the key. It is wrong, or of another region, platform or plan: "
            "enter the API base that goes with it, or copy the key again."
        ),
        "key_or_region": _(
            "AWS refused the credentials: they are wrong, expired or of another region. Check them "
            "and the region; for access keys also the clock of this machine."
        ),
        "expired": _("The key has expired. Create a new one in the provider's console."),
    },
    Outcome.FORBIDDEN: {
        "": _(
            "The provider knows the key but does not permit this call. Check the key's "
            "permissions, the subscription and the region in the provider's console."
        ),
        "no_scope": _(
            "The key is genuine, but may not list models. Include a model in the test, or give the "
            "key that permission in the provider's console."
        ),
        "no_list_scope": _(
            "The credentials are genuine, but may not list models. Include a model in the test, or "
            "allow bedrock:ListFoundationModels in IAM."
        ),
        "not_allowed_here": _(
            "The key is known, but may not be used from this network. Add this machine's public "
            "address to the allow list or network rules in the provider's console."
        ),
        "not_a_member": _(
            "The owner of this key belongs to no organisation at the provider. Have the account "
            "added to one, or use another key."
        ),
        "region_blocked": _(
            "The provider does not serve the country or region that this call came from. Choose "
            "another provider, or call from where it is offered."
        ),
        "management_key": _(
            "This is a management key: it administers other keys and calls no models. Create an "
            "ordinary API key."
        ),
        "no_subscription": _(
            "The key is genuine, but its account has no subscription to this plan. Subscribe in "
            "the provider's console."
        ),
        "on_hold": _(
            "The provider has locked or suspended this account. Its console or its support can say "
            "why."
        ),
        "no_inference_permission": _(
            "The token is genuine, but may not call Inference Providers. Give it that permission "
            "in the settings of Hugging Face."
        ),
        "model_access": (
            _(
                "The key is genuine, but its account has no access to %(model)s. Activate it "
                "in the provider's console."
            ),
            _(
                "The key is genuine, but its account has no access to this. Activate the service "
                "and the model in the provider's console."
            ),
        ),
        "host_not_allowed": _(
            "Ollama refuses calls under this host name. Where it runs, set OLLAMA_HOST to an "
            "address that can be reached from here, look at OLLAMA_ORIGINS, and restart it."
        ),
        "key_restricted": _(
            "The key exists, but is blocked for this: limited to other APIs or addresses, reported "
            "as leaked, or without this API in its project. Check it in Google's console or create "
            "a new one."
        ),
        "html": _(
            "An error page came instead of the API's answer. A firewall, a proxy or a country "
            "block may have stopped the call; the key is neither proven nor refused."
        ),
    },
    Outcome.NO_CREDIT: {
        "": (
            _(
                "The key is fine, but its balance, plan or limit is used up. Top up or raise it in "
                "the provider's console, or try again in %(wait)s."
            ),
            _(
                "The key is fine, but its balance, plan or limit is used up. Top up or raise it in "
                "the provider's console."
            ),
        ),
        "key_limit": (
            _(
                "A limit on spending or use of this key or account is reached. Raise it in the "
                "provider's console, or try again in %(wait)s."
            ),
            _(
                "A limit on spending or use of this key or account is reached. Raise it in the "
                "provider's console, or wait for its next period."
            ),
        ),
        "plan_window": (
            _(
                "The plan's quota for this period is used up. It renews by itself: try again in "
                "%(wait)s."
            ),
            _(
                "The plan's quota for this period is used up. It renews by itself; the provider's "
                "console says when."
            ),
        ),
        "arrears": _(
            "The key is fine, but its account has a bill to pay or no balance left. Settle that in "
            "the provider's console."
        ),
    },
    Outcome.RATE_LIMITED: {
        "": (
            _(
                "Too many requests came just now, which says nothing against the key. Try again in "
                "%(wait)s."
            ),
            _(
                "Too many requests came just now, which says nothing against the key. Try again in "
                "a moment."
            ),
        ),
        "proof_limited": (
            _(
                "The provider limits how often a token may be verified, so this one is neither "
                "proven nor refused. Try again in %(wait)s."
            ),
            _(
                "The provider limits how often a token may be verified, so this one is neither "
                "proven nor refused. Try again in a few minutes."
            ),
        ),
    },
    Outcome.MODEL_NOT_FOUND: {
        "": (
            _(
                "The provider does not know %(model)s, or does not offer it to this key. Choose a "
                "model from its list."
            ),
            _(
                "The provider does not know this model, or does not offer it to this key. Choose a "
                "model from its list."
            ),
        ),
        "deployment": (
            _(
                "This endpoint has no deployment named %(model)s. Give the name of the deployment, "
                "not of its model; a new one may need a few minutes."
            ),
            _(
                "This endpoint has no such deployment. Give the name of the deployment, not of its "
                "model; a new one may need a few minutes."
            ),
        ),
        "profile_needed": (
            _(
                "%(model)s cannot be called by its own id. Choose its inference profile from the "
                "list of models: the id that begins with us., eu., global. or the like."
            ),
            _(
                "This model cannot be called by its own id. Choose its inference profile from the "
                "list of models: the id that begins with us., eu., global. or the like."
            ),
        ),
        "not_activated": (
            _(
                "%(model)s is not activated for this account. Activate it in the provider's "
                "console, then test again."
            ),
            _(
                "This model is not activated for this account. Activate it in the provider's "
                "console, then test again."
            ),
        ),
        "not_in_plan": (
            _("%(model)s is not part of this plan. Choose a model that is, or change the plan."),
            _("This model is not part of this plan. Choose a model that is, or change the plan."),
        ),
        "retired": (
            _("The provider has retired %(model)s. Choose a newer model from its list."),
            _("The provider has retired this model. Choose a newer one from its list."),
        ),
        "no_endpoints": (
            _(
                "Nobody behind this gateway serves %(model)s under the account's privacy and "
                "provider settings. Loosen those, or choose another model."
            ),
            _(
                "Nobody behind this gateway serves this model under the account's privacy and "
                "provider settings. Loosen those, or choose another model."
            ),
        ),
    },
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
            "The server points to another address. That is not followed, so that the key goes "
            "nowhere else; enter the final address as the API base."
        ),
        "suggest_base": _(
            "There is no such API at this address, but there is one at %(base)s. Enter that as the "
            "API base."
        ),
        "no_list": _(
            "The server offers no list of models, and the test has nothing else to ask. Include a "
            "model in the test, and type model names by hand."
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
    Outcome.BAD_REQUEST: {
        "": (
            _(
                "The provider refused the form of the test request for %(model)s. Key and address "
                "are probably fine; look at the extra body, if there is one."
            ),
            _(
                "The provider refused the form of the test request. Key and address are probably "
                "fine; look at extra headers and extra body, if there are any."
            ),
        ),
        "origin_header": _(
            "The provider took the call for one from a web page. Something in between adds an "
            "Origin header; a proxy at the API base must leave it out."
        ),
        "unsendable": _(
            "The extra body holds a value that is no JSON, so nothing was sent. Correct it."
        ),
        "bad_header": _(
            "An extra header has a name that may not be sent, so nothing was. Rename or remove it."
        ),
    },
    Outcome.SERVER_ERROR: {
        "": (
            _("The provider has a fault of its own right now. Try again in %(wait)s."),
            _("The provider has a fault of its own right now. Try again later."),
        ),
    },
}

"""Outcomes that are about the key and what it may do, or about who refused it."""

from django.utils.translation import gettext_lazy as _

from providers.spec.outcomes import Outcome
from providers.wording.shape import Sentences

KEYS: Sentences = {
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
        "front": _(
            "A page or a plain text came instead of the API's answer, so something in front of it, "
            "such as a proxy or a tunnel, may have refused the call. The key is neither proven nor "
            "refused."
        ),
        "key_unseen": _(
            "The server says that no key came along, although one was sent. It may look for it in "
            "another header: give that one under extra headers, as its documents name it."
        ),
        "key_elsewhere": (
            _(
                "The server looks for the key in the header %(header)s, where none came. Give that "
                "header with the key under extra headers."
            ),
            _(
                "The server looks for the key in another header, where none came. Give that header "
                "with the key under extra headers."
            ),
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
        "master_key": _(
            "This LiteLLM has no database, so it takes its master key alone, and this is another "
            "one. Enter the key that it was started with."
        ),
        "clock": _(
            "AWS takes no signature of another time: the clock of this machine is wrong by minutes "
            "or more. Set it, then test again. The key was not looked at."
        ),
        "session_over": _(
            "AWS says that these credentials have expired, as those of a session do after some "
            "hours. Sign in again or enter new ones; the agent needs some that last."
        ),
        "leaked": _(
            "The provider has blocked this key because it was found in public: it was leaked. "
            "Create a new one in its console, and delete this one."
        ),
        "expired": _("The key has expired. Create a new one in the provider's console."),
    },
    Outcome.FORBIDDEN: {
        "": (
            _(
                "A call of %(model)s is refused, and it is not said why. The key may lack a "
                "permission, or calls from this network or country may be barred. The key is "
                "neither proven nor refused by this."
            ),
            _(
                "The call is refused, and it is not said why. The key may lack a permission, or "
                "calls from this network or country may be barred. Include a model in the test to "
                "see whether that one answers."
            ),
        ),
        "no_permission": (
            _(
                "The provider knows the key but does not permit a call of %(model)s. Check the "
                "key's permissions, the subscription and the region in the provider's console."
            ),
            _(
                "The provider knows the key but does not permit this call. Check its permissions, "
                "the subscription and the region in the provider's console; include a model in the "
                "test to see whether that one answers."
            ),
        ),
        "no_scope": _(
            "The key is genuine, but may not list models. Include a model in the test, or give the "
            "key that permission in the provider's console."
        ),
        "no_model_scope": _(
            "The key is genuine, but may not call models: it lacks the scope model.request. Give "
            "the key that permission in the provider's console."
        ),
        "model_refused": _(
            "The key was accepted just before, but is refused for %(model)s. It may not call this "
            "model; or the server is a gateway, and its own key for the vendor behind it is wrong."
        ),
        "no_list_scope": _(
            "The credentials are genuine, but may not list models. Include a model in the test, or "
            "allow bedrock:ListFoundationModels in IAM."
        ),
        "not_allowed_here": _(
            "The key may not be used from this network. Add this machine's public address to the "
            "allow list or network rules in the provider's console."
        ),
        "not_a_member": _(
            "The owner of this key belongs to no organisation at the provider. Have the account "
            "added to one, or use another key."
        ),
        "region_blocked": _(
            "The provider takes no calls from this country, region or network; a VPN or a proxy "
            "may be the cause. Call from where it is offered, or choose another provider."
        ),
        "management_key": _(
            "This is a management key: it administers other keys and calls no models. Create an "
            "ordinary API key."
        ),
        "no_subscription": _(
            "The key is genuine, but its account has no valid subscription to this plan. Subscribe "
            "or renew it in the provider's console."
        ),
        "on_hold": _(
            "The provider has locked, suspended or restricted this account. Its console or its "
            "support can say why."
        ),
        "unverified": (
            _(
                "The provider offers %(model)s, or its answer as a stream, to verified "
                "organisations only, and the agent always asks for a stream. Verify yours in the "
                "provider's console."
            ),
            _(
                "The provider offers this model, or its answer as a stream, to verified "
                "organisations only, and the agent always asks for a stream. Verify yours in the "
                "provider's console."
            ),
        ),
        "terms": (
            _(
                "Nobody has accepted the terms of %(model)s yet. An administrator of the account "
                "can accept them in the provider's console."
            ),
            _(
                "Nobody has accepted the terms of this model yet. An administrator of the account "
                "can accept them in the provider's console."
            ),
        ),
        "needs_billing": _(
            "The provider asks for billing on the key's project, as it does where its free tier is "
            "not offered. Enable billing in its console, then test again."
        ),
        "wrong_project": _(
            "The key does not belong to the project or organisation that an extra header names. "
            "Correct OpenAI-Project or OpenAI-Organization there, or remove it."
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
        "use_case_form": _(
            "The key is genuine, but the account has not handed in its use case for this vendor's "
            "models. Fill in that form on the Bedrock console, and wait some minutes."
        ),
        "marketplace": _(
            "The key is genuine, but the model is offered through the AWS Marketplace, and the "
            "account is not subscribed to it. Subscribe there, or allow "
            "aws-marketplace:Subscribe in IAM."
        ),
        "payment": _(
            "The key is genuine, but its AWS account has no valid means of payment. Add one in the "
            "billing console, then wait some minutes."
        ),
        "account_closed": _(
            "AWS does not let this account call models at all, whatever its rights say. That is "
            "usual for new or restricted accounts: ask AWS support to open it."
        ),
        "iam": _(
            "The credentials are genuine, but IAM or a policy of the organisation denies the call. "
            "Allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream for this model."
        ),
        "keys_off": _(
            "Keys are switched off for this resource: it takes sign-ins by Entra ID, and the agent "
            "has keys only. Switch key access on in the Azure portal, or use another resource."
        ),
        "signed_out": _(
            "%(model)s runs in Ollama's cloud, and the server is not signed in there. Run ollama "
            "signin on its machine, then test again. No key is wrong."
        ),
        "bearer_denied": _(
            "IAM or a policy of the organisation forbids the user of this API key to sign in with "
            "it. Allow bedrock:CallWithBearerToken for that user."
        ),
        "host_not_allowed": _(
            "Ollama refuses calls under this host name. Where it runs, set OLLAMA_HOST to an "
            "address that can be reached from here, look at OLLAMA_ORIGINS, and restart it."
        ),
        "key_restricted": _(
            "The key exists, but is blocked for this: limited to other APIs or addresses, or "
            "without this API in its project. Check it in Google's console or create a new one."
        ),
        "front": _(
            "A plain text came instead of the API's answer, so something in front of it, such as a "
            "proxy or a firewall, may have stopped the call. The key is neither proven nor refused."
        ),
        "sign_in": (
            _(
                "Something in front of the API asks for a sign-in of its own (%(scheme)s), so the "
                "key was not looked at. Give user name and password as the extra header "
                "Authorization, or open this path there."
            ),
            _(
                "Something in front of the API asks for a sign-in of its own, so the key was not "
                "looked at. Give what it wants as the extra header Authorization, or open this "
                "path there."
            ),
        ),
        "html": _(
            "An error page came instead of the API's answer. A firewall, a proxy or a country "
            "block may have stopped the call; the key is neither proven nor refused."
        ),
    },
}

"""Why a model is not there."""

from django.utils.translation import gettext_lazy as _

from providers.spec.outcomes import Outcome
from providers.wording.shape import Sentences

MODELS: Sentences = {
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
        "no_allowed_provider": _(
            "The providers that are allowed do not serve %(model)s. Allow more in the account's "
            "settings or in the extra body, or choose another model."
        ),
        "dedicated": _(
            "The provider runs %(model)s on a dedicated endpoint only, and there is none. Start "
            "one in its console, or choose a model that it serves to everybody."
        ),
        "not_loaded": _(
            "%(model)s is not loaded, and the server does not load it when it is called. Load it "
            "there, or let the server load models on demand, then test again."
        ),
        "not_served": _(
            "Nobody behind this gateway serves %(model)s at present. Choose another model."
        ),
    },
}

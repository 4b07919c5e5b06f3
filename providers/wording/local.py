"""What is said instead of the general sentence where a server of one's own is meant."""

from django.utils.translation import gettext_lazy as _

from providers.spec.outcomes import Outcome
from providers.wording.answers import LISTED
from providers.wording.shape import Sentences

LOCAL: Sentences = {
    Outcome.OK: {
        "": (
            _("The model %(model)s answered."),
            *LISTED,
            _("The server answers as it should."),
        ),
    },
    Outcome.BAD_KEY: {
        "": _(
            "The server refused the key. Copy it again from where it was set: the server's own "
            "settings, or its provider's console."
        ),
    },
    Outcome.FORBIDDEN: {
        "": (
            _("The server does not permit a call of %(model)s. Check whom its settings let in."),
            _(
                "The server does not permit this call. Check whom its settings let in; include a "
                "model in the test to see whether that one answers."
            ),
        ),
        "no_permission": (
            _(
                "The server says that a permission is missing for a call of %(model)s. Check what "
                "its settings allow this key or caller."
            ),
            _(
                "The server says that a permission is missing for this call. Check what its "
                "settings allow this key or caller; include a model in the test to see whether "
                "that one answers."
            ),
        ),
        "no_subscription": _(
            "%(model)s asks for a subscription that the server's account does not have. Subscribe "
            "at its vendor, or choose another model."
        ),
    },
    Outcome.MODEL_NOT_FOUND: {
        "": (
            _("The server has no model %(model)s. Load or pull it there, or choose another."),
            _("The server has no such model. Load or pull it there, or choose another."),
        ),
    },
    Outcome.SERVER_ERROR: {
        "": (
            _("The server failed while it made its answer. Try again in %(wait)s."),
            _("The server failed while it made its answer. Its own log says why."),
        ),
    },
    Outcome.UNREACHABLE: {
        "": _(
            "The server could not be reached. Is it running, and can it be reached from the "
            "machine or container that this dashboard runs in?"
        ),
        "refused": (
            _(
                "Nothing listens at %(place)s. Is the server running? If this dashboard runs in a "
                "container, %(localhost)s is that container itself: use host.docker.internal."
            ),
            _(
                "Nothing listens at %(place)s. Is the server running, and open to the machine or "
                "container that this dashboard runs in?"
            ),
        ),
        "reset": _(
            "%(place)s cut the connection. Is the server running there, does it want https, and is "
            "it open to the machine or container that this dashboard runs in?"
        ),
        "closed": _(
            "%(place)s closed the connection without an answer. Is the server running on this "
            "port, does it want https, and is it open to the machine or container that this "
            "dashboard runs in?"
        ),
        "no_route": _(
            "There is no way to %(place)s. Is the server running, and in reach of the machine or "
            "container that this dashboard runs in?"
        ),
        "failed": _(
            "%(place)s could not be reached. Is the server running, and in reach of the machine or "
            "container that this dashboard runs in?"
        ),
    },
    Outcome.TIMEOUT: {
        "": _("The server answered that it ran out of time. Try again in a moment."),
        "connect": _(
            "%(place)s did not take the connection in time. Is the server running, and in reach of "
            "the machine or container that this dashboard runs in?"
        ),
        "read": (
            _(
                "%(model)s did not answer in time. The server may still be loading it: try again "
                "in a moment."
            ),
            _("The server took the request but did not answer in time. Try again in a moment."),
        ),
    },
}

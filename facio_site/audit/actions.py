"""Words for the actions that a page shows. An action without a word here shows its own slug."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "sign-in": _("Signed in"),
    "sign-in.refused": _("Sign-in refused"),
    "sign-out": _("Signed out"),
    "confirmed": _("Confirmed identity"),
    "confirmed.refused": _("Identity check refused"),
    "password.changed": _("Changed the password"),
    "factor.added": _("Added a sign-in factor"),
    "factor.removed": _("Removed a sign-in factor"),
    "factor.used": _("Used a recovery code"),
    "factor.refused": _("Sign-in factor refused"),
    "sessions.ended": _("Ended other sessions"),
    "owner.created": _("Created the owner account"),
    "user.invited": _("Invited a user"),
    "user.uninvited": _("Withdrew an invitation"),
    "user.joined": _("Joined by invitation"),
    "user.role": _("Changed a role"),
    "user.deactivated": _("Deactivated a user"),
    "user.activated": _("Activated a user"),
    "provider.saved": _("Saved a provider"),
    "provider.undone": _("Undid a change of a key"),
    "provider.tested": _("Tested a connection"),
    "provider.removed": _("Removed a provider"),
    "catalog.fetched": _("Fetched models"),
    "routes.saved": _("Saved routes"),
    "config.downloaded": _("Downloaded the config"),
    "config.exported": _("Exported the config"),
}

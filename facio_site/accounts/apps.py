"""App set-up: connects what must happen when somebody signs in, or a factor is written."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "facio_site.accounts"
    label = "accounts"
    verbose_name = _("Accounts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from facio_site.accounts import mfa, passkeys, sessions  # noqa: F401

"""Django tells each password validator of a new password once that is saved, whatever page or
command it came by, and of no hash that is only renewed. This one passes that on and has no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facio_site.accounts.models import User


class Told:
    def validate(self, password: str, user: User | None = None) -> None:
        """Any password will do."""

    def get_help_text(self) -> str:
        return ""

    def password_changed(self, _password: str, user: User) -> None:
        user.password_changed()

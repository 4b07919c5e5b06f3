"""Users in the admin, to look at. Rows that hold seeds or session keys are taken off the admin."""

from collections.abc import Mapping

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model

from facio_site.accounts.models import User
from facio_site.audit.admin import ReadOnlyAdmin

_NOT_HERE: list[type[Model]] = [Authenticator, EmailAddress, Group, UserSession]
for _model in _NOT_HERE:
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Roles and invitations are changed on the users page, which asks for the password first."""

    list_display = ("username", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username",)
    fields = ("username", "role", "is_active", "last_login", "date_joined")

    def changes_of(self, obj: User) -> Mapping[str, str]:
        return {"target": obj.username}

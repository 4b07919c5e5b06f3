"""Only the doors that exist: no sign-up, no reset by mail, no e-mail addresses."""

from allauth.account import views as allauth_views
from allauth.mfa.webauthn import views as webauthn
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.urls import include, path
from django.views.generic import RedirectView

from facio_site.accounts import users, views

urlpatterns = [
    path("setup/", views.setup, name="setup"),
    path("accounts/", views.account, name="account"),
    path("accounts/login/", views.sign_in, name="account_login"),
    path("accounts/logout/", allauth_views.logout, name="account_logout"),
    path("accounts/inactive/", allauth_views.account_inactive, name="account_inactive"),
    path(
        "accounts/reauthenticate/",
        allauth_views.reauthenticate,
        name="account_reauthenticate",
    ),
    path(
        "accounts/password/change/",
        transaction.atomic(allauth_views.password_change),
        name="account_change_password",
    ),
    path(
        "accounts/2fa/webauthn/login/",
        login_not_required(webauthn.login_webauthn),
        name="mfa_login_webauthn",
    ),
    path(
        "accounts/2fa/webauthn/add/",
        transaction.atomic(webauthn.add_webauthn),  # key and audit row stand or fall together
        name="mfa_add_webauthn",
    ),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("accounts/users/", users.users, name="users"),
    path("accounts/users/invite/", users.invite, name="user_invite"),
    path("accounts/users/invitations/<int:pk>/withdraw/", users.withdraw, name="user_uninvite"),
    path("accounts/users/<int:pk>/role/", users.change_role, name="user_role"),
    path("accounts/users/<int:pk>/deactivate/", users.deactivate, name="user_deactivate"),
    path("accounts/users/<int:pk>/activate/", users.activate, name="user_activate"),
    # The admin's own door to the password has neither limit nor audit.
    path(
        "admin/password_change/",
        RedirectView.as_view(pattern_name="account_change_password"),
        name="admin_password_change",
    ),
]

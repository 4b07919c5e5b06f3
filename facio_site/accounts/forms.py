"""Forms of set-up, invitations and users. Sign-in and factors are allauth's own."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext_lazy as _

from facio_site.accounts.models import NAME_LENGTH, Role, User

PASSWORD_HELP = _("At least 12 characters, and not a common password.")


class AccountForm(UserCreationForm):  # type: ignore[type-arg]  # no generics at run time
    """A new account: name and password. The role comes from the link, never from the form."""

    class Meta:
        model = User
        fields = ("username",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = ""
        self.fields["username"].widget.attrs["autocomplete"] = "username"
        self.fields["password1"].help_text = PASSWORD_HELP
        self.fields["password2"].label = _("Confirm password")
        self.fields["password2"].help_text = ""

    def clean_username(self) -> str:
        """Two names that differ by case alone, or by the way they are written, are one."""
        name: str = super().clean_username()
        if name and User.objects.by_name(name):
            raise self.instance.unique_error_message(User, ["username"])
        return name

    def validate_password_for_user(self, user: User, *_args: Any, **_kwargs: Any) -> None:
        """What is wrong with the password stands at the first of its two fields."""
        super().validate_password_for_user(user, "password1")  # type: ignore[misc]


class SignInForm(LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["login"].label = _("Username")
        self.fields["login"].widget.attrs["autofocus"] = True


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs.pop("placeholder", None)


class PasswordForm(ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["oldpassword"].label = _("Current password")
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = PASSWORD_HELP
        self.fields["password2"].label = _("Confirm password")


class RoleForm(forms.Form):
    """`role` for an invitation or a user."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.VIEWER)


class InvitationForm(RoleForm):
    """Whom a link is for, and the role of the account that it leads to."""

    name = forms.CharField(
        label=_("For"),
        max_length=NAME_LENGTH,
        help_text=_("A name that you and the invited person recognize. Both of you see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("name", "role")

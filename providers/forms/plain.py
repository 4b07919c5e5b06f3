"""The admin's form of one provider: its plain fields only, saved by the rules of the page's form.

Secrets have no field here; a change of address that they do not go along with is refused, as on
the page.
"""

from __future__ import annotations

from copy import copy
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

from providers.forms.facts import EXPIRES
from providers.forms.patch import form_of
from providers.forms.provider import ProviderForm
from providers.models import BODY, HEADERS, Provider
from providers.spec.kind import ProviderSpec

if TYPE_CHECKING:
    _Form = forms.ModelForm[Provider]
else:
    _Form = forms.ModelForm  # not subscriptable when it runs


class PlainForm(_Form):
    """Base of the forms that `form_for` makes."""

    plain_names: tuple[tuple[str, str], ...] = ()  # (field, its name in config.json)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)  # that the page shows

    class Meta:
        model = Provider
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        page = ProviderForm(self.instance)
        for name, _key in self.plain_names:
            self.initial[name] = page.get_initial_for_field(page.fields[name], name)
        self.initial["version"] = self.instance.version

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        patch = {key: _plain(key, data.get(name)) for name, key in self.plain_names}
        self.page = form_of(self.instance, patch)
        for name, errors in self.page.errors.items():
            self.add_error(name if name in self.fields else None, list(errors))
        if data.get("version") not in (None, self.instance.version):
            self._tell_overtaken(data)
        return data

    def _tell_overtaken(self, data: dict[str, Any]) -> None:
        """Both versions on the page: what is typed in the fields, what is saved now beside them."""
        self.add_error(None, _("Someone else saved this in the meantime."))
        for name, key in self.plain_names:
            stored = self.initial[name]
            if _plain(key, data.get(name)) != _plain(key, stored):
                self.add_error(name, str(stored or "–"))
        typed: Any = copy(self.data)
        typed[self.add_prefix("version")] = self.instance.version
        self.data = typed  # so that a second Save replaces it

    def save(self, commit: bool = True) -> Provider:
        self.changed = self.page.apply(self.instance)
        return self.instance

    def save_m2m(self) -> None:
        """Nothing: the admin asks for it."""


def form_for(spec: ProviderSpec) -> type[PlainForm]:
    """A form class with the fields of this kind that hold no secret."""
    page = ProviderForm(Provider(kind=spec.kind, name=spec.name))
    hidden = {*page.secret_names(), HEADERS, BODY}
    names = [name for name in page.fields if name not in hidden]
    keys = {"api_base": "apiBase", EXPIRES: "keyExpires"} | {
        item.name: item.json_name for item in spec.extra_fields
    }
    fields: dict[str, Any] = {name: page.fields[name] for name in names}
    plain = tuple((name, keys.get(name, name)) for name in names)
    return type("ProviderPlainForm", (PlainForm,), {**fields, "plain_names": plain})


def _plain(key: str, value: Any) -> Any:
    if key == "deployments":
        return str(value or "").splitlines()
    return value.isoformat() if isinstance(value, date) else value or None

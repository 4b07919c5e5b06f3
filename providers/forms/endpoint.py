"""Endpoints of one's own: the form of a new one, and the form of its name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from providers.forms.facts import facts_of
from providers.forms.page import PageForm
from providers.kinds import DISPLAY_NAME, KINDS, OWN_KIND, own_spec
from providers.models import Provider
from providers.spec.names import MESSAGES, name_problem


class NameField(forms.CharField):
    """A name as it will stand in config.json: kept as it is typed, or refused."""

    def __init__(self) -> None:
        attrs = {
            "class": "mono",
            "autocomplete": "off",
            "autocapitalize": "off",
            "spellcheck": "false",
            "placeholder": "company-proxy",
            "required": True,
        }
        super().__init__(
            label=gettext_lazy("Name"),
            strip=False,
            required=False,  # the rules below tell it
            help_text=gettext_lazy(
                "Its name in config.json, under providers. As a model's prefix it picks this "
                "endpoint: company-proxy/gpt-5."
            ),
            widget=forms.TextInput(attrs=attrs),
        )


def name_error(name: str, but: str = "") -> str:
    """Why a new endpoint can't have this name, in a sentence; "" = it can. `but` is its own."""
    others = [other for other in Provider.objects.own_names() if other != but]
    code, told = name_problem(name, KINDS, others)
    return _(MESSAGES[code]).format(**told) if code else ""


class EndpointForm(PageForm):
    """The form of an endpoint that is not there yet. `provider` has its name once it is valid."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(Provider(kind=OWN_KIND, name=""), data)
        self.spec = own_spec("", _("an endpoint of your own"))
        self.fields["name"] = NameField()
        self.fields["api_base"].widget.attrs["required"] = True
        self.order_fields(["name", DISPLAY_NAME.name, "api_base", "api_key"])
        self._mark_saved()

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        self.provider.name = name
        tested = Provider.objects.filter(name=name, configured_at=None).first()
        if tested:  # and never saved: it goes on
            self.provider = tested
        elif error := name_error(name):
            raise forms.ValidationError(error)
        return name

    def is_there_already(self) -> bool:
        """Whether nothing is wrong but that it is stored as it stands here: pressed twice, or sent
        again on the way back."""
        row = Provider.objects.filter(name=self.provider.name, kind=OWN_KIND).first()
        if row is None or not row.is_configured or set(self.errors) != {"name"}:
            return False
        same = Provider(kind=OWN_KIND, name=row.name)
        self.apply(same)
        return facts_of(same) == facts_of(row)

    def refuse_name(self) -> None:
        """Somebody else has just taken it."""
        self.add_error("name", name_error(self.provider.name) or _("Save again."))


class RenameForm(forms.Form):
    """Another name for an endpoint."""

    name = NameField()

    def __init__(self, provider: Provider, data: Any = None) -> None:
        super().__init__(data, initial={"name": provider.name})
        self.provider = provider

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if error := name_error(name, self.provider.name):
            raise forms.ValidationError(error)
        if name == self.provider.name:
            raise forms.ValidationError(_("That is its name already."))
        return name

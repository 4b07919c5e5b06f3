"""The form of all routes: a model (from a catalog or typed) and who serves it."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from providers.registry import KINDS
from routing.models import MEDIA, Route, Slot
from routing.rules import AUTO

if TYPE_CHECKING:
    _Form = forms.ModelForm[Route]
else:
    _Form = forms.ModelForm  # not subscriptable when it runs

MEDIA_SERVICES = (("replicate", "Replicate"), ("fal", "fal.ai"))


class RouteForm(_Form):
    """One slot. The prefix is the slot, so five of them make the page's one form."""

    class Meta:
        model = Route
        fields = ("model", "provider")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_main = self.instance.slot == Slot.MAIN
        self.fields["model"] = forms.CharField(
            label=_("Model"),
            required=False,
            max_length=300,
            widget=forms.TextInput(
                attrs={
                    "class": "mono",
                    "autocomplete": "off",
                    "spellcheck": "false",
                    "placeholder": _("Search or type a model") if is_main else _("As main"),
                    "list": f"models-{self.instance.slot}",
                    "hx-get": reverse("routing:models"),
                    "hx-trigger": "focus once, input changed delay:150ms",
                    "hx-include": f"[name={self.add_prefix('provider')}]",
                    "hx-vals": f'{{"slot": "{self.instance.slot}"}}',
                    "hx-target": f"#models-{self.instance.slot}",
                    "hx-swap": "outerHTML",
                    "hx-sync": "this:replace",
                }
            ),
        )
        self.fields["provider"] = forms.ChoiceField(
            label=_("Provider"), choices=self._providers(), required=False
        )
        self.fields["version"] = forms.IntegerField(
            required=False, initial=self.instance.version, widget=forms.HiddenInput
        )
        for field in self.fields.values():
            field.widget.attrs["form"] = "routes"  # other buttons of a card have their own forms

    def _providers(self) -> list[tuple[str, Any]]:
        choices: list[tuple[str, Any]] = [(AUTO, _("Auto"))]
        choices += [(kind, spec.label) for kind, spec in KINDS.items()]
        if self.instance.slot in MEDIA:
            choices += MEDIA_SERVICES
        stored = self.instance.provider
        if stored not in {value for value, _label in choices}:
            choices.append((stored, stored))  # an imported name that is unknown here stays
        return choices

    def clean_model(self) -> str:
        text = str(self.cleaned_data["model"]).strip()
        if not text.isprintable():
            raise forms.ValidationError(_("A model name has no control characters."))
        return text

    def clean_provider(self) -> str:
        return str(self.cleaned_data["provider"] or AUTO)

    @property
    def is_unsaved(self) -> bool:
        """It holds something else than what is saved."""
        names = ("model", "provider")
        if self.is_bound:
            return any(name in self.changed_data for name in names)
        return any(self.initial.get(name) != getattr(self.instance, name) for name in names)

    def meets_other(self) -> Route | None:
        """What somebody else has saved since this form was made, if that differs from it."""
        stored = Route.objects.filter(slot=self.instance.slot).first() or Route(
            slot=self.instance.slot
        )
        seen = self.cleaned_data.get("version")
        asked = (self.cleaned_data["model"], self.cleaned_data["provider"])
        if seen is None or seen == stored.version or asked == (stored.model, stored.provider):
            return None
        data: Any = copy(self.data)
        data[self.add_prefix("version")] = stored.version
        self.data = data  # so that a second Save replaces it
        return stored

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        forced = data.get("provider", AUTO) != AUTO
        if forced and not data.get("model") and "model" in data:
            self.add_error("model", _("Choose a model, or set the provider back to Auto."))
        return data

"""The form of a route, and what the address of a page asks to be put into one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from facio_site.web.forms import with_texts
from providers.spec.kind import ProviderSpec, Specs
from providers.spec.limits import MODEL_LENGTH
from routing.models import MEDIA, Route, Slot
from routing.rules.explain import AUTO
from routing.state import specs_by_name


@dataclass(frozen=True, slots=True)
class Use:
    model: str
    spec: ProviderSpec
    slot: Slot

    @property
    def label(self) -> str:
        """What the provider is called."""
        return self.spec.label

    @property
    def initial(self) -> dict[str, str]:
        """Values for the route's form; nothing is saved yet."""
        return {"model": self.model, "provider": self.spec.name}

    def links(self) -> list[tuple[str, str, bool]]:
        """Label and link of each route that could take it, and whether it is this one."""
        return [
            (
                str(slot.label),
                "?"
                + urlencode({"use": self.model, "kind": self.spec.name, "slot": slot.value})
                + f"#route-{slot.value}",
                slot is self.slot,
            )
            for slot in Slot
        ]


def asked_use(query: Mapping[str, str], specs: Specs) -> Use | None:
    """None where no model is named, or a provider that does not exist. Main unless it says so."""
    model, kind = query.get("use", "").strip()[:MODEL_LENGTH], query.get("kind", "")
    slot = query.get("slot", "")
    if not model or kind not in specs:
        return None
    return Use(model, specs[kind], Slot(slot) if slot in Slot.values else Slot.MAIN)


if TYPE_CHECKING:
    _Form = forms.ModelForm[Route]
else:
    _Form = forms.ModelForm  # not subscriptable when it runs

MEDIA_SERVICES = (("replicate", "Replicate"), ("fal", "fal.ai"))


class RouteForm(_Form):
    """One slot: fields and rules, for the page and for the admin."""

    model = forms.CharField(label=_("Model"), required=False, max_length=MODEL_LENGTH)
    provider = forms.ChoiceField(label=_("Provider"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)  # that the page shows

    class Meta:
        model = Route
        fields = ("model", "provider")

    def __init__(self, *args: Any, specs: Specs | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self._providers(specs_by_name() if specs is None else specs)
        cast("forms.ChoiceField", self.fields["provider"]).choices = choices
        self.initial["version"] = self.instance.version

    def _providers(self, specs: Specs) -> list[tuple[str, Any]]:
        choices: list[tuple[str, Any]] = [(AUTO, _("Auto"))]
        choices += [(name, spec.label) for name, spec in specs.items()]
        if self.instance.slot in MEDIA:
            choices += MEDIA_SERVICES
        stored = self.instance.provider
        if stored not in {value for value, _label in choices}:
            # an imported name that is unknown here stays, also the empty text
            choices.append((stored, stored or _("Empty: names nobody")))
        return choices

    def clean_model(self) -> str:
        text = str(self.cleaned_data["model"]).strip()
        if not text.isprintable():
            raise forms.ValidationError(_("A model name has no control characters."))
        return text

    def clean_provider(self) -> str:
        named = str(self.cleaned_data["provider"])
        return named or (AUTO if self.instance.provider else "")

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
        forced = data.get("provider", AUTO) not in ("", AUTO)
        if forced and not data.get("model") and "model" in data:
            self.add_error("model", _("Choose a model, or set the provider back to Auto."))
        return data


class ModelInput(forms.TextInput):
    """Offers names of models as one types. Its form's prefix is the slot."""

    template_name = "routing/_model_input.html"

    def __init__(self, slot: str, attrs: dict[str, Any]) -> None:
        super().__init__(attrs)
        self._slot = slot

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return {**super().get_context(name, value, attrs), "slot": self._slot}


Kept = TypeVar("Kept", list[str], dict[str, str])
PICK = "pick-"  # before the name of a field: which of two versions was chosen


@dataclass(frozen=True, slots=True)
class Clash:
    """A field with both its values. `has_choice`: it was touched here."""

    key: str
    label: Any
    mine: str
    theirs: str
    has_choice: bool = True
    pick: str = "mine"
    value: str = ""  # mine, as the form sends it where that is not how it is shown


def settled(data: Any, saved: Mapping[str, str]) -> Any:
    """What was sent, with what is saved, by field, where that was chosen."""
    chosen = [name for name in saved if data and data.get(f"{PICK}{name}") == "theirs"]
    return with_texts(data, {name: saved[name] for name in chosen}) if chosen else data


def read_was(text: str, kind: type[Kept]) -> Kept:
    """Empty = nothing that a page of ours has sent: then all of it counts as touched."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return kind()
    return found if isinstance(found, kind) else kind()


class PageRouteForm(RouteForm):
    """A row of the page's table. The prefix is the slot, so five of them make the page's one form,
    which is elsewhere on it: the other buttons of a row have forms of their own."""

    # what was saved as the page was made: what nobody touched there follows what is saved by now
    was = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *args: Any, is_open: bool = True, **kwargs: Any) -> None:
        route, prefix = kwargs["instance"], kwargs["prefix"]
        # What the save bar compares with. Validation changes the instance, so it is kept here.
        self._saved = {"model": route.model, "provider": route.provider}
        stored = {f"{prefix}-{name}": text for name, text in self._saved.items()}
        super().__init__(settled(data, stored), *args, **kwargs)
        self.initial["was"] = json.dumps(list(self._saved.values()))
        model, provider = self.fields["model"], self.fields["provider"]
        model.widget = ModelInput(self.instance.slot, model.widget.attrs)
        slot = {"route": Slot(self.instance.slot).label}
        model.label, provider.label = _("%(route)s model") % slot, _("%(route)s provider") % slot
        for field in self.fields.values():
            field.widget.attrs["form"] = "routes"
            field.disabled = not is_open
        for name, value in self._saved.items():
            self.fields[name].widget.attrs["data-saved"] = value

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.followed = []
        for name, was in zip(self._saved, read_was(data.get("was", ""), list), strict=False):
            if data.get(name) == was != self._saved[name]:
                data[name] = self._saved[name]
                self.followed.append(name)
        return data

    def meets_other(self) -> Route | None:
        stored = super().meets_other()
        if stored:  # from now on this page is of what is saved by now
            saved = {"model": stored.model, "provider": stored.provider}
            texts = {"was": json.dumps(list(saved.values()))}
            texts |= {name: saved[name] for name in self.followed}
            named = {self.add_prefix(name): text for name, text in texts.items()}
            self.data = with_texts(self.data, named)
        return stored

    def side_by_side(self, stored: Route) -> list[Clash]:
        """What is asked for and what somebody else has saved, field by field. A field that is to
        be chosen is closed in its row."""
        rows = []
        for name, theirs in (("model", stored.model), ("provider", stored.provider)):
            field, key = self.fields[name], self.add_prefix(name)
            mine = self.cleaned_data[name]
            if mine != theirs:
                field.widget.attrs["disabled"] = True
                rows.append(Clash(key, field.label, mine, theirs))
            elif name in self.followed:
                rows.append(Clash(key, field.label, "", theirs, has_choice=False))
        return rows

    @property
    def unsaved(self) -> int:
        """How many of its fields hold something else than what is saved."""
        return sum((self[name].value() or "") != saved for name, saved in self._saved.items())

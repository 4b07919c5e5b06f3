"""The form of a provider as its page has it: one way to sign in is chosen, keys are looked at as
they are typed, and each field says what is saved, for the save bar to compare with.

Of the ways to sign in, the chosen one counts: what is typed for another is neither tested nor
saved. What is stored for another goes when the choice changes, and stays while it does not.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from providers.forms.facts import EXPIRES, is_typed_in
from providers.forms.fields import SecretField, SecretInput
from providers.forms.provider import ProviderForm, initial_of
from providers.models import BODY, HEADERS, Entry, Provider
from providers.spec.kind import ProviderSpec

SIGN_IN = "sign_in"
# Not the fields' own labels: scripts find those by them.
WAYS = {"api_key": _("Key"), "access_keys": _("Access keys"), "profile": _("Profile")}
_OTHER = "*"  # said to be saved where what is saved can't be shown, and is not what is shown


class PageForm(ProviderForm):
    def __init__(self, provider: Provider, data: Any = None, *, shown: Entry | None = None) -> None:
        super().__init__(provider, data, shown=shown)
        # "" where there is no choice
        self.chosen = way_of(self.shown if self.shown.ways() else provider)
        if self.chosen:
            self._add_choice()
        self._mark_saved()

    def _add_choice(self) -> None:
        self.fields[SIGN_IN] = forms.ChoiceField(
            label=_("Sign in with"),
            required=False,
            choices=[(way, WAYS[way]) for way in self.spec.ways],
            initial=self.chosen,
            widget=forms.RadioSelect,
        )
        self.fields["api_key"].help_text = ""  # the other ways are right above it
        for name in self._names_of(*(way for way in self.spec.ways if way != self.chosen)):
            if f"clear_{name}" in self.fields:
                self.fields[f"clear_{name}"].initial = False
        keyed = [f"{c}{n}" for n in self._names_of(*self.spec.ways) for c in ("", "clear_")]
        first = [name for name in self.fields if self._is_required(name)]
        self.order_fields([*first, SIGN_IN, *keyed, EXPIRES])

    def _names_of(self, *ways: str) -> list[str]:
        return [name for name in self.fields if way_of_field(self.spec, name) in ways]

    # Which way counts --------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        if self.chosen:
            self._leave_others_out(self.cleaned_data.get(SIGN_IN) or "")
        return super().clean()

    def _leave_others_out(self, chosen: str) -> None:
        """Without a choice, which only pages send, all that is typed counts."""
        data = self.cleaned_data
        for name in self._names_of(*(way for way in self.spec.ways if chosen and way != chosen)):
            self.errors.pop(name, None)
            is_left = chosen != self.chosen
            if name in self.secret_names():
                data[name] = ""
                data[f"clear_{name}"] = is_left or name not in self.shown.sealed
            else:
                data[name] = "" if is_left else self.shown.values.get(name, "")

    @property
    def stored_way(self) -> str:
        """The way that goes when another one is chosen, in words; "" = none is entered."""
        return str(WAYS[self.chosen]) if self.chosen in self.shown.ways() else ""

    @property
    def idle_ways(self) -> list[str]:
        """Those that are entered beside the one that counts, in words."""
        return [str(WAYS[way]) for way in self.shown.ways() if self.chosen and way != self.chosen]

    def check_origins(self, data: dict[str, Any]) -> None:
        """What is stored for another way has no field to be typed again: it goes."""
        chosen = data.get(SIGN_IN) if self.chosen else ""
        bound = self.bound_of(data) if chosen else ""
        for name in self._names_of(*(way for way in self.spec.ways if chosen and way != chosen)):
            item = self.shown.sealed.get(name)
            if item and item["bound"] != bound:
                data[f"clear_{name}"] = True
        super().check_origins(data)

    def check_key(self, data: dict[str, Any]) -> None:
        chosen = data.get(SIGN_IN) if self.chosen else ""
        if not chosen:
            return super().check_key(data)
        names = self._names_of(chosen)
        wanted = [name for name in names if name != "session_token"]
        if any(name in self.errors for name in wanted):
            return None
        if any(data.get(f"clear_{name}") and not data.get(name) for name in wanted):
            return None  # set up without, by choice
        lacking = [name for name in wanted if not self._is_there(name, data)]
        text = _("Fill this in, or choose another sign-in method.")
        for name in lacking:
            self.add_error(name, _("Paste the API key.") if name == "api_key" else text)
        return None

    def _is_there(self, name: str, data: dict[str, Any]) -> bool:
        return self._has(name, data) if name in self.secret_names() else bool(data.get(name))

    # What is saved -----------------------------------------------------------------------------

    def _mark_saved(self) -> None:
        """As the markup has it: a secret is never told, only whether what is shown is the saved."""
        stored = initial_of(self.spec, self.provider)
        self.saved: dict[str, str] = {}
        for name, field in self.fields.items():
            if isinstance(field, forms.BooleanField):
                value = ""
            elif name == SIGN_IN:
                value = way_of(self.provider)
            else:
                value = "" if name in self.secret_names() else _text(stored.get(name))
            if self._is_other(name):
                value = _OTHER
            self.saved[name] = field.widget.attrs["data-saved"] = value
            if isinstance(field.widget, SecretInput) or name in (HEADERS, BODY):
                field.widget.attrs["data-unkept"] = ""

    def _is_other(self, name: str) -> bool:
        """Whether another secret is shown than is saved; both look alike."""
        if name not in (*self.secret_names(), HEADERS, BODY):
            return False
        return is_typed_in(self.shown, self.provider, name)

    @property
    def unsaved(self) -> int:
        """How many fields hold something else than what is saved."""
        return sum(self._text_of(name) != saved for name, saved in self.saved.items())

    def _text_of(self, name: str) -> str:
        value = self[name].value()
        if isinstance(self.fields[name], SecretField):
            return ""  # never sent back
        if isinstance(self.fields[name], forms.BooleanField):
            return "on" if value else ""
        return _text(value)


def way_of(entry: Entry) -> str:
    """The way to sign in that is entered first; "" where there is no choice."""
    ways = entry.spec.ways
    return next(iter(entry.ways()), ways[0]) if ways else ""


def way_of_field(spec: ProviderSpec, name: str) -> str:
    """The way to sign in that a field is part of; "" = none, or there is no choice."""
    if name == "api_key":
        return "api_key" if spec.ways else ""
    return next((item.way for item in spec.extra_fields if item.name == name), "")


def _text(value: Any) -> str:
    return str(value or "").replace("\r\n", "\n")

"""The form of a channel, as its kind declares it. A secret goes in and never comes out; one that
is left empty stays, unless the channel leads elsewhere now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain, count
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facio_site import sealing
from facio_site.web.forms import text_of, with_texts
from providers.forms.fields import SecretInput
from providers.http import BadURL, parse_target
from providers.http.addresses import read
from providers.outbound import policy
from providers.spec.masks import is_mask
from providers.spec.outcomes import Failed
from providers.wording import url_sentence
from routing.forms import PICK, Clash, read_was, settled
from routing.models import Channel
from routing.models.alerts import CHANNEL_NAME_LENGTH
from routing.watch.alerts.answers import sentence
from routing.watch.alerts.entered import masked, origin, stored_origin, values_of
from routing.watch.alerts.spec import TEXT_LENGTH, ChannelField, ChannelSpec

_OWN = ("name", "language", "is_on")  # fields of every kind


class ChannelForm(forms.Form):
    """Fields of the kind between name and language. `channel` is what is stored, or a new one.
    Where somebody else has saved since the page was made, `clashes` has all that differs."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=CHANNEL_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of its messages"), choices=lambda: settings.LANGUAGES
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    is_on = forms.BooleanField(label=gettext_lazy("Send alerts here"), required=False)

    def __init__(self, spec: ChannelSpec, channel: Channel, data: Any = None) -> None:
        self.spec, self.channel = spec, channel
        self.is_new = channel._state.adding
        initial = {name: getattr(channel, name) for name in _OWN}
        self._stored = stored_texts(channel, spec)
        self.clashes: list[Clash] = []
        name = channel.name or _free(str(_(spec.label)))
        initial |= {"name": name, "seen": "" if self.is_new else json.dumps(self._stored)}
        kept = {one: "" for field in spec.secrets for one in (field.name, clear_name(field.name))}
        super().__init__(settled(data, self._stored | kept), initial=initial)
        values = values_of(channel, spec)
        for field in spec.fields:
            self._add(field, values.get(field.name, ""))
        self.order_fields(["name", *(name for name in self.fields if name not in self.base_fields)])
        self._mark_saved()

    def _add(self, field: ChannelField, value: str) -> None:
        attrs = {"placeholder": field.placeholder, "spellcheck": "false", "autocomplete": "off"}
        widget: forms.Widget = forms.TextInput(attrs={**attrs, "class": "mono"})
        if field.is_secret:
            # never told, and not kept over the page's own ways
            widget = SecretInput(attrs={"placeholder": field.placeholder, "data-unkept": ""})
        elif field.is_lines:
            widget = forms.Textarea(attrs={**attrs, "rows": 3, "class": "mono"})
        is_stored = field.name in self.channel.sealed  # and need not be typed again
        self.fields[field.name] = forms.CharField(
            label=_(field.label),
            help_text=_(field.help) if field.help else "",
            required=field.required and not field.default and not is_stored,
            error_messages={"required": _("Fill this in.")},
            max_length=TEXT_LENGTH,
            initial="" if field.is_secret else value or field.default,
            widget=widget,
        )
        if field.is_secret and not field.required and field.name in self.channel.sealed:
            self.fields[clear_name(field.name)] = forms.BooleanField(
                label=_("Remove"), required=False
            )

    def _mark_saved(self) -> None:
        """For the save bar: what a new one begins with was not typed."""
        for one in self.visible_fields():
            one.field.widget.attrs["data-saved"] = text_of(one.initial)

    @property
    def unsaved(self) -> int:
        """How many fields hold something else than what is saved; a secret is never sent back."""
        return sum(
            text_of(one.value()) != one.field.widget.attrs["data-saved"]
            for one in self.visible_fields()
            if not isinstance(one.field.widget, SecretInput)
        )

    # Reading ------------------------------------------------------------------------------------

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if not name.isprintable():
            raise forms.ValidationError(_("A name has no control characters."))
        others = Channel.objects.filter(name=name).exclude(pk=self.channel.pk)
        if others.exists():
            raise forms.ValidationError(_("Another channel has this name already."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for field in self.spec.fields:
            if field.name not in self.errors:
                self._clean_one(field, data)
        if not self.errors:
            self._compare(data)
        if not self.errors and not self.clashes:
            self._keep_where_it_belongs(data)
        return data

    def _clean_one(self, field: ChannelField, data: dict[str, Any]) -> None:
        text = str(data.get(field.name) or "").strip()
        is_stored = field.name in self.channel.sealed
        if field.is_secret and is_stored and is_mask(text):
            text = ""
        if not text and not field.is_secret:
            text = field.default
        data[field.name] = text
        if not text:
            return  # one that is required is stored
        try:
            data[field.name] = field.validator(text)
            if field.is_address:
                refuse_forbidden(data[field.name])
        except BadURL as error:
            self.add_error(field.name, url_sentence(error))
        except Failed as failed:
            verdict = failed.verdict
            told = sentence(verdict.outcome, verdict.detail, verdict.params)
            self.add_error(field.name, told)
        except ValueError as error:
            self.add_error(field.name, str(error))

    def _keep_where_it_belongs(self, data: dict[str, Any]) -> None:
        """A stored secret never follows to another origin: it is asked for again."""
        if self.is_new or self.origin == stored_origin(self.channel, self.spec):
            return
        for field in self.spec.secrets:
            is_left = data[field.name] or data.get(clear_name(field.name))
            if field.name in self.channel.sealed and not is_left:
                self.add_error(
                    field.name,
                    _("The address is another one now. Type this again, or remove it.")
                    if not field.required
                    else _("The address is another one now. Type this again."),
                )

    @property
    def origin(self) -> str:
        """Where the channel leads by what is in the form; a stored address of a secret stays."""
        address = self.spec.address
        if address is not None and address.is_secret and not self.cleaned_data[address.name]:
            return stored_origin(self.channel, self.spec)
        return origin(self.spec, self.cleaned_data, self.cleaned_data)

    # Two versions -------------------------------------------------------------------------------

    @property
    def is_good(self) -> bool:
        """Whether it can be stored as it is."""
        return self.is_valid() and not self.clashes

    def is_of(self, stored: Channel) -> bool:
        """Whether it was checked against what is stored."""
        return self._stored == stored_texts(stored, self.spec)

    def _compare(self, data: dict[str, Any]) -> None:
        """What was saved since the page was made is never taken along unseen: a typed secret could
        go to an address that nobody here has looked at."""
        if self.is_new or not data["seen"]:
            return
        was, secrets = read_was(data["seen"], dict), {field.name for field in self.spec.secrets}
        follows = {}
        for name, theirs in self._stored.items():
            if was.get(name) == theirs:
                continue
            if name in secrets:
                self._put_secret(name, data, is_first=not was.get(name))
            elif (mine := text_of(data[name])) == was.get(name) or self._is_theirs(name):
                follows[name] = theirs
                self._put(name, "", self._words(name, theirs))
            elif mine != theirs:
                words = self._words(name, mine), self._words(name, theirs)
                self._put(name, *words, value=mine, field=name)
        if self.clashes:  # from now on this page is of what is saved by now
            self.data = with_texts(self.data, {"seen": json.dumps(self._stored), **follows})

    def _put_secret(self, name: str, data: Mapping[str, Any], *, is_first: bool) -> None:
        """What was typed of it is gone: whoever wants that types it again."""
        told, clear = _("set") if is_first else _("changed"), clear_name(name)
        if not self._stored[name]:
            told = _("removed")
        if data.get(clear):
            self._put(name, _("removed"), told, value="on", field=clear)
        else:
            self._put(name, _("set") if data[name] else "", told)

    def _put(self, name: str, mine: str, theirs: str, *, value: str = "", field: str = "") -> None:
        """Side by side. `field` is closed meanwhile; "" = there is nothing to choose."""
        if field:
            self.fields[field].widget.attrs["disabled"] = True
        label = self.fields[name].label
        self.clashes.append(Clash(field or name, label, mine, theirs, bool(field), value=value))

    def _is_theirs(self, name: str) -> bool:
        return bool(self.data.get(f"{PICK}{name}") == "theirs")

    def _words(self, name: str, text: str) -> str:
        if name == "is_on":
            return _("on") if text else _("off")
        if name == "language":
            return str(dict(settings.LANGUAGES).get(text, text))
        return ", ".join(text.splitlines())

    # Storing ------------------------------------------------------------------------------------

    def apply(self) -> list[str]:
        """Put everything into `channel`, which the caller saves; names of what changed. Raises
        sealing.KeyMissing."""
        channel, data = self.channel, self.cleaned_data
        changed = [name for name in _OWN if getattr(channel, name) != data[name]]
        before, bound = values_of(channel, self.spec), self.origin
        for name in _OWN:
            setattr(channel, name, data[name])
        values = {field.name: data[field.name] for field in self.spec.fields if not field.is_secret}
        changed += [name for name, value in values.items() if value != before.get(name)]
        channel.values = values
        for field in self.spec.secrets:
            if text := data[field.name]:
                hint = masked(bound) if field.is_address else ""
                channel.seal(field.name, text, hint=hint, bound=bound)
                changed.append(field.name)
            elif data.get(clear_name(field.name)) and channel.sealed.pop(field.name, None):
                changed.append(field.name)
        return changed

    # Showing ------------------------------------------------------------------------------------

    def rows(self) -> list[dict[str, Any]]:
        """Each visible field; a secret with its state and the box that removes it."""
        secrets = {field.name for field in self.spec.secrets}
        found = []
        for field in self.visible_fields():
            if field.name.startswith("clear_"):
                continue
            row: dict[str, Any] = {"field": field}
            if field.name in secrets:
                row["secret"] = self._state(field.name)
                clear = clear_name(field.name)
                row["clear"] = self[clear] if clear in self.fields else None
            found.append(row)
        return found

    def _state(self, name: str) -> dict[str, str]:
        item = self.channel.sealed.get(name)
        if item is None:
            return {"name": name, "state": "missing", "hint": ""}
        is_bound = item["bound"] == stored_origin(self.channel, self.spec)
        can_open = sealing.key_id_of(item["box"]) in sealing.master_keys()
        state = "stored" if is_bound and can_open else "unreadable"
        return {"name": name, "state": state, "hint": item.get("hint", "")}


def clear_name(name: str) -> str:
    """Of the box that removes a secret."""
    return f"clear_{name}"


def plain_labels(spec: ChannelSpec) -> dict[str, str]:
    """The fields that hold no secret."""
    form = ChannelForm(spec, Channel(kind=spec.kind))
    secrets = {"seen", *(field.name for field in spec.secrets)}
    return {name: str(one.label) for name, one in form.fields.items() if name not in secrets}


def stored_texts(channel: Channel, spec: ChannelSpec) -> dict[str, str]:
    """What is saved, as the form sends it; of a secret, when it was set."""
    plain = {name: getattr(channel, name) for name in _OWN} | values_of(channel, spec)
    set_at = {one.name: channel.sealed.get(one.name, {}).get("set_at") for one in spec.secrets}
    return {name: text_of(value) for name, value in (plain | set_at).items()}


def _free(name: str) -> str:
    """That name, or with the first number that makes it one of its own."""
    taken = set(Channel.objects.filter(name__startswith=name).values_list("name", flat=True))
    names = (f"{name} {number}" for number in count(2))
    return next(one for one in chain([name], names) if one not in taken)


def refuse_forbidden(url: str) -> None:
    """What can be known of an address without asking anybody. Raises Failed, BadURL."""
    target = parse_target(url)
    rules = policy()
    place = (target.host, target.port)
    if mapped := rules.mapped(*place):
        rules.check_mapped(*place, *mapped)
    elif read(target.host):
        rules.check(*place, target.scheme, [target.host])
    elif target.host == "localhost" or target.host.endswith(".localhost"):
        rules.check(*place, target.scheme, ["127.0.0.1"])

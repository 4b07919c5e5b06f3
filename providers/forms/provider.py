"""The form of each kind, made from its declaration; the same rules for page, admin and command.

Secrets are written, never read back: a blank field keeps the stored one, "clear" removes it, and
a mask that comes back counts as kept.
"""

from __future__ import annotations

import json
from copy import copy
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from facio_site import sealing
from facio_site.audit import Change
from facio_site.strictjson import BadDocument, read_json
from providers.dialects.adapters import Adapter, Entered
from providers.forms.facts import EXPIRES, facts_of, is_typed_in, told_change
from providers.forms.fields import ExtraField, SecretField
from providers.http import BadHeader, BadURL, check_headers
from providers.kinds import adapter_for
from providers.models import BODY, HEADERS, Entry, Provider, SecretState
from providers.spec.keyshapes import warnings_for
from providers.spec.kind import FieldSpec, ProviderSpec
from providers.spec.limits import BODY_BYTES, DEPLOYMENT_LENGTH
from providers.spec.masks import DOTS, holds_mask, is_example, is_mask, variable_form
from providers.spec.signs import trimmed
from providers.wording import header_sentence, key_problem_sentence, key_warning, url_sentence

# What a request is made of is not the operator's to change here: where it goes, and with what key.
_OWN_BODY_FIELDS = {"model", "messages", "stream", "input", "base_url"}

# What holds of the agent's ancestor, from which Facio's client comes.
NO_MASTER_KEY = _("The master key is missing or is another one: nothing can be saved now.")
_UNSENT = _("Exported, but the agent's client is known not to send it at this provider.")


class ProviderForm(forms.Form):
    """Fields of one kind. `apply(entry)` writes the cleaned values into a provider or draft."""

    def __init__(self, provider: Provider, data: Any = None, *, shown: Entry | None = None) -> None:
        self.provider, self.spec = provider, provider.spec
        self.changes: list[Change] = []  # what the last `apply` changed
        self._with_masks: set[str] = set()  # of headers and body: which stand for stored values
        self.shown = shown or provider  # a living draft shows what was typed for the test
        self._saved = copy(provider)  # as it is before a draft is taken over
        self._saved.sealed = dict(provider.sealed)
        super().__init__(data, initial=initial_of(self.spec, self.shown), auto_id="id_%s")
        spec = self.spec
        if not spec.is_oauth:
            self._add_key(spec)
            self._add_address(spec)
            for field in spec.extra_fields:
                self._add_extra(field)
            self._add_mappings(spec)
            names = [field.name for field in spec.extra_fields if not field.is_list]
            lists = [field.name for field in spec.extra_fields if field.is_list]
            first = [name for name in (*names, "api_base") if self._is_required(name)]
            self.order_fields([*first, *lists, "api_key", "clear_api_key", EXPIRES])

    # Fields -----------------------------------------------------------------------------------

    def _add_key(self, spec: ProviderSpec) -> None:
        help_text: Any = ""
        if any(field.is_secret for field in spec.extra_fields):
            help_text = _("Or use the other ways to sign in below.")
        elif not spec.key_required:
            help_text = _("Leave it empty if the server asks for none.")
        self._add_secret("api_key", _("API key"), help_text)
        self.fields[EXPIRES] = forms.DateField(
            label=_("Key expires on"),
            required=False,
            show_hidden_initial=True,  # tells what was typed from what stood there
            input_formats=["%Y-%m-%d"],
            help_text=_("Optional: you are told 30 days before."),
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        )

    def _add_secret(self, name: str, label: Any, help_text: Any = "") -> None:
        state = self._holder(name).secret_state(name)
        is_stored = state is not SecretState.MISSING
        field = SecretField(label=label, help_text=help_text, is_stored=is_stored)
        if state in (SecretState.SET, SecretState.REFERENCE):
            is_typed = is_typed_in(self.shown, self.provider, name)
            words = _("%s (typed, not saved)") if is_typed else _("%s (unchanged)")
            field.widget.attrs["placeholder"] = words % DOTS
        self.fields[name] = field
        if is_stored:
            # Not the field's own label within another one: scripts find fields by their labels.
            text: Any = _("Remove the stored %(name)s") % {"name": label}
            text = _("Remove the stored key") if name == "api_key" else text
            box = forms.BooleanField(label=text, required=False)
            box.initial = name not in self.shown.sealed  # its removal was tested
            self.fields[f"clear_{name}"] = box

    def _holder(self, name: str) -> Entry:
        """What holds a secret whose field is blank: what is saved, where a draft removes it."""
        return self.shown if name in self.shown.sealed else self._saved

    def _add_address(self, spec: ProviderSpec) -> None:
        example = spec.api_base or spec.api_base_example
        has_default = bool(spec.api_base)
        # Azure's own word is its label already, and AWS, which has ways to sign in, says neither
        is_ours = spec.api_base_label == "API base" and not spec.ways
        self.fields["api_base"] = forms.CharField(
            label=_(spec.api_base_label),
            help_text=_("Many vendors call it the base URL.") if is_ours else "",
            required=False,
            max_length=4096,
            widget=forms.TextInput(
                attrs={
                    "class": "mono",
                    "inputmode": "url",
                    "autocomplete": "off",
                    "spellcheck": "false",
                    "placeholder": _("Default: %s") % example if has_default else example,
                    "list": "bases" if spec.regional_bases else False,
                }
            ),
        )

    def _add_extra(self, field: FieldSpec) -> None:
        if field.is_secret:
            self._add_secret(field.name, _(field.label), _(field.help))
            return
        example = _(field.placeholder) if field.placeholder else ""
        attrs = {"class": "mono", "placeholder": example, "spellcheck": "false"}
        if field.options:
            attrs |= {"list": f"{field.name}-options", "autocomplete": "off"}
        texts: dict[str, Any] = {"label": _(field.label), "help_text": _(field.help)}
        if field.is_list:
            widget = forms.Textarea(attrs={**attrs, "rows": 2})
            self.fields[field.name] = forms.CharField(
                **texts, required=False, max_length=4096, widget=widget
            )
        elif field.name == "profile":
            names = [(name, name) for name in settings.AWS_PROFILES_ALLOWED]
            stored = self.shown.values.get("profile", "")
            if stored and (stored, stored) not in names:
                names.append((stored, stored))
            if not names:
                texts["help_text"] = _("None can be chosen: AWS_PROFILES_ALLOWED names none.")
            self.fields[field.name] = forms.ChoiceField(
                **texts, required=False, choices=[("", pgettext("AWS profile", "None")), *names]
            )
        else:
            self.fields[field.name] = ExtraField(
                field, **texts, widget=forms.TextInput(attrs=attrs)
            )

    def _add_mappings(self, spec: ProviderSpec) -> None:
        area = {"class": "mono", "rows": 2, "spellcheck": "false", "autocomplete": "off"}
        if spec.has_extra_headers:
            self.fields[HEADERS] = forms.CharField(
                label=_("Extra headers"),
                required=False,
                strip=False,
                help_text=_UNSENT
                if HEADERS in spec.unsent
                else _("One a line: Name: value. Stored values stay masked."),
                widget=forms.Textarea(attrs={**area, "placeholder": "X-Team: blue"}),
            )
        if spec.has_extra_body:
            self.fields[BODY] = forms.CharField(
                label=_("Extra body"),
                required=False,
                strip=False,
                help_text=_UNSENT
                if BODY in spec.unsent
                else _("A JSON object that the agent adds to each request."),
                widget=forms.Textarea(attrs={**area, "placeholder": '{"temperature": 0.2}'}),
            )

    def _is_required(self, name: str) -> bool:
        """Asked for before the key: without it there is nowhere to send the key to."""
        if name == "api_base":
            return self.spec.api_base_required
        return any(field.name == name and field.required for field in self.spec.extra_fields)

    # Rules ------------------------------------------------------------------------------------

    def clean_api_base(self) -> str:
        text = trimmed(str(self.cleaned_data["api_base"]))
        if not text:
            if self.spec.api_base_required:
                raise forms.ValidationError(
                    _("Give the %(label)s: there is no default for %(kind)s.")
                    % {"label": _(self.spec.api_base_label), "kind": self.spec.label}
                )
            return ""
        try:
            return self._adapter(Entered()).normalise_base(text)
        except BadURL as error:
            raise forms.ValidationError(url_sentence(error)) from None

    def clean_deployments(self) -> list[str]:
        lines = str(self.cleaned_data["deployments"]).splitlines()
        names = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
        found = self._adapter(Entered()).deployment_in(self.data.get("api_base", ""))
        if found and not names:
            names = [found]
        if not names:
            raise forms.ValidationError(_("Give at least one deployment name."))
        if bad := [
            name for name in names if len(name) > DEPLOYMENT_LENGTH or not name.isprintable()
        ]:
            raise forms.ValidationError(_("No deployment name: %s") % bad[0][:40])
        return names

    def clean_extra_headers(self) -> dict[str, str]:
        stored = self.shown.open_mapping(HEADERS)
        headers: list[tuple[str, str]] = []
        for line in str(self.cleaned_data[HEADERS]).splitlines():
            if not line.strip():
                continue
            name, colon, value = line.partition(":")
            name, value = name.strip(), value.strip()
            if not colon:
                raise forms.ValidationError(_("Each line needs a colon: Name: value."))
            if is_mask(value):
                self._with_masks.add(HEADERS)
                if name not in stored:
                    raise forms.ValidationError(_("Type the value of %s again.") % name[:60])
                value = stored[name]
            elif is_example(name, value):
                raise forms.ValidationError(_("Type the value of %s: this is an example.") % name)
            if form := variable_form(value):
                raise forms.ValidationError(key_problem_sentence("variable", {"form": form}))
            headers.append((name, value))
        try:
            check_headers(headers)
        except BadHeader as error:
            raise forms.ValidationError(header_sentence(error)) from None
        return dict(headers)

    def clean_extra_body(self) -> dict[str, Any]:
        text = str(self.cleaned_data[BODY]).strip()
        if not text:
            return {}
        content = text.encode("utf-8", "surrogatepass")
        if len(content) > BODY_BYTES:
            raise forms.ValidationError(_("At most 64 KB."))
        try:
            body = read_json(content)
        except BadDocument as error:
            sentence = _(error.messages[error.code]).format(**error.params)
            raise forms.ValidationError(sentence) from None
        for name in body:
            if name in _OWN_BODY_FIELDS or name.startswith("api_"):
                raise forms.ValidationError(_("%s can't be set here.") % name[:60])
        stored = self.shown.open_mapping(BODY)
        for name, value in body.items():
            if is_mask(value):
                self._with_masks.add(BODY)
                if name not in stored:
                    raise forms.ValidationError(_("Type the value of %s again.") % name[:60])
                body[name] = stored[name]
            elif holds_mask(value):  # which of its parts are stored can't be told
                raise forms.ValidationError(_("Type the value of %s again.") % name[:60])
        return body

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.spec.is_oauth:
            if not sealing.master_keys():
                self.add_error("api_key", NO_MASTER_KEY)
                return data
            if not self.errors:
                self.check_origins(data)
            self.check_key(data)
            self._check_expiry(data)
        return data

    def check_origins(self, data: dict[str, Any]) -> None:
        """A stored secret counts only for the address it was typed for."""
        bound = self.bound_of(data)
        for name in self.secret_names():
            item = self._holder(name).sealed.get(name)
            is_kept = not data.get(name) and not data.get(f"clear_{name}")
            if item and is_kept and item["bound"] != bound:
                self.add_error(
                    name, _("The address has changed. Type this again, or remove the stored one.")
                )
        for name in self._with_masks:
            if self.shown.sealed[name]["bound"] != bound:
                self.add_error(
                    name,
                    _("The address has changed. Type the masked values again, or remove them."),
                )

    def bound_of(self, data: dict[str, Any]) -> str:
        preview = Provider(kind=self.provider.kind, name=self.provider.name)
        self._apply_plain(preview, data)
        return preview.bound

    def check_key(self, data: dict[str, Any]) -> None:
        """A required key, or another of the kind's ways to sign in."""
        has_ways = "access_key_id" in self.fields
        if "api_key" in self.errors or not (self.spec.key_required or has_ways):
            return
        if data.get("clear_api_key") and not data.get("api_key"):
            return  # set up without a key, by choice
        if not self._has("api_key", data) and not self._signs_else(data):
            self.add_error("api_key", _("Paste the API key."))

    def _signs_else(self, data: dict[str, Any]) -> bool:
        """Bedrock's other ways: a pair of access keys, or a profile."""
        if "access_key_id" not in self.fields:
            return False
        pair = [self._has(name, data) for name in ("access_key_id", "secret_access_key")]
        if any(pair) and not all(pair):
            name = "secret_access_key" if pair[0] else "access_key_id"
            self.add_error(name, _("Access key ID and secret access key belong together."))
            return True
        return all(pair) or bool(data.get("profile"))

    def _check_expiry(self, data: dict[str, Any]) -> None:
        """A day that was noted of a key which is now replaced goes with it, unless typed anew."""
        before = self.shown if "draft" in self.data else self.provider  # what the page showed
        typed = [name for name in self.secret_names() if data.get(name)]
        is_other = any(not before.holds(name, data[name]) for name in typed)
        if EXPIRES not in self.data:
            data[EXPIRES] = before.key_expires_on
        elif EXPIRES in self.changed_data:
            return
        if is_other:
            data[EXPIRES] = None

    def _has(self, name: str, data: dict[str, Any]) -> bool:
        stored = self._holder(name).secret_state(name) is not SecretState.MISSING
        return bool(data.get(name)) or (stored and not data.get(f"clear_{name}"))

    # Use --------------------------------------------------------------------------------------

    def secret_names(self) -> list[str]:
        return [name for name, field in self.fields.items() if isinstance(field, SecretField)]

    def text_fields(self) -> list[forms.BoundField]:
        """The fields that can be in error; the boxes that clear a secret can't."""
        return [field for field in self.visible_fields() if not field.name.startswith("clear_")]

    def key_warnings(self) -> list[str]:
        """What is odd about a key typed just now. Told, never a reason to refuse."""
        typed = str(self.data.get("api_key", ""))
        return [key_warning(found) for found in warnings_for(self.spec, typed)] if typed else []

    def apply(self, entry: Entry, *, before: dict[str, Any] | None = None) -> list[str]:
        """Write the cleaned values into `entry` (not saved); returns the names that changed.

        `before` is what `facts_of` told earlier, when the entry has taken over a draft since.
        """
        before = facts_of(entry) if before is None else before
        data = self.cleaned_data
        self._apply_plain(entry, data)
        for name in self.secret_names():
            if data.get(name):
                entry.put_secret(name, data[name])
            elif data.get(f"clear_{name}"):
                entry.put_secret(name, None)
            elif name not in entry.sealed:  # its removal was tested, and taken back
                entry.take(name, self._saved)
        for name in (HEADERS, BODY):
            if name in self.fields and data.get(name, {}) != entry.open_mapping(name):
                entry.put_mapping(name, data.get(name, {}))
        is_keyed = any(name in entry.sealed for name in self.secret_names())
        entry.key_expires_on = data.get(EXPIRES) if is_keyed else None
        after = facts_of(entry)
        changed = sorted(name for name in before | after if before.get(name) != after.get(name))
        self.changes = [(n, *told_change(before.get(n), after.get(n))) for n in changed]
        return changed

    def _apply_plain(self, entry: Entry, data: dict[str, Any]) -> None:
        entry.api_base = data.get("api_base", "")
        for field in self.spec.extra_fields:
            if field.is_secret:
                continue
            value = data.get(field.name)
            entry.values.pop(field.name, None)
            if value:
                entry.values[field.name] = value

    def _adapter(self, entered: Entered) -> Adapter:
        return adapter_for(self.spec, entered)


def initial_of(spec: ProviderSpec, entry: Entry) -> dict[str, Any]:
    """What the fields show of an entry; headers and body with masks for their values."""
    initial: dict[str, Any] = {"api_base": entry.api_base, EXPIRES: entry.key_expires_on}
    for field in spec.extra_fields:
        value = entry.values.get(field.name, "")
        initial[field.name] = "\n".join(value) if isinstance(value, list) else value
    headers, body = entry.values.get(HEADERS, []), entry.values.get(BODY, [])
    initial[HEADERS] = "\n".join(f"{name}: {DOTS}" for name in headers)
    if body:
        initial[BODY] = json.dumps(dict.fromkeys(body, DOTS), indent=2, ensure_ascii=False)
    return initial

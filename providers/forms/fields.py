"""Fields of a provider's form: secrets that are never sent back, headers and body as JSON."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from providers.spec.keyshapes import clean_key, problem_of
from providers.spec.kind import FieldSpec
from providers.spec.masks import is_mask, is_placeholder
from providers.wording import key_problem_sentence


class SecretInput(forms.PasswordInput):
    """Never rendered with a value."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        defaults = {"autocomplete": "off", "spellcheck": "false", "class": "mono"}
        super().__init__(attrs={**defaults, **(attrs or {})}, render_value=False)


def ask_again(form: forms.BaseForm) -> None:
    """For a page that shows the form once more: what was typed of a secret is not on it."""
    for name, field in form.fields.items():
        typed = str(form.data.get(form.add_prefix(name)) or "")
        if isinstance(field.widget, SecretInput) and typed and not is_mask(typed):
            form[name].help_text = _("Type this again: it was not kept.")


class SecretField(forms.CharField):
    """A key as pasted: surrounding blanks, quotes and `Bearer` go; "" means keep, as does a mask
    where one is stored."""

    def __init__(self, *, is_stored: bool, **kwargs: Any) -> None:
        self.is_stored = is_stored
        super().__init__(widget=SecretInput(), required=False, max_length=8192, **kwargs)

    def clean(self, value: Any) -> str:
        text = clean_key(str(value or ""))
        if is_mask(text) and self.is_stored:
            return ""
        problem, told = problem_of(text)
        if problem:
            raise forms.ValidationError(key_problem_sentence(problem, told))
        if is_placeholder(text):
            raise forms.ValidationError(key_problem_sentence("example", {}))
        return str(super().clean(text))


class ExtraField(forms.CharField):
    """One text as its kind declares it."""

    def __init__(self, spec: FieldSpec, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=4096, **kwargs)
        self.spec = spec

    def clean(self, value: Any) -> str:
        text, example = str(super().clean(value)), self.spec.placeholder
        if not text and self.spec.required:
            raise forms.ValidationError(_("Fill this in, for example with %s.") % example)
        if not text or self.spec.fits(text):
            return text
        if self.spec.fits(text.lower()):
            return text.lower()
        raise forms.ValidationError(_("This must look like %s.") % example)

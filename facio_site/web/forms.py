"""How every form of the site is drawn: FORM_RENDERER points here; and values as a form sends them.
Not here: any form."""

from collections.abc import Mapping
from copy import copy
from datetime import time
from typing import Any

from django.forms import BaseForm
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest

from facio_site.templatetags.ui import wrong_fields


class FormRenderer(TemplatesSetting):
    """The site's templates for a form and for a field; widgets stay Django's.

    A refused form comes back with the cursor in its first wrong field.
    """

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        if template_name == self.field_template_name:
            _put_cursor(context["field"].form)
        return super().render(template_name, context, request)


def _put_cursor(form: BaseForm) -> None:
    """Into the first wrong field, wherever else it would begin."""
    wrong = wrong_fields(form)
    for field in form.fields.values() if wrong else ():
        field.widget.attrs.pop("autofocus", None)
    for first in wrong[:1]:
        first.field.widget.attrs["autofocus"] = True


def text_of(value: Any) -> str:
    """Of a value, the text that a form sends for it."""
    if isinstance(value, bool):
        return "on" if value else ""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value).replace("\r\n", "\n")


def with_texts(data: Any, texts: Mapping[str, str]) -> Any:
    """What was sent, as it would have been with these."""
    data = copy(data)
    for name, text in texts.items():
        data[name] = text
    return data

"""How every form of the site is drawn: FORM_RENDERER points here. Not here: any form."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """The site's templates for a form and for a field; widgets stay Django's."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

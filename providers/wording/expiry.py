"""The end of a key in words."""

from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _

from providers.spec.expiry import Expiry


def expiry_words(state: Expiry, on: date) -> str:
    values = {"date": formats.date_format(on, "DATE_FORMAT")}
    if state == "expired":
        return _("Its key expired on %(date)s.") % values
    return _("Its key expires on %(date)s.") % values

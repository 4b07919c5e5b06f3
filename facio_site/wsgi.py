"""The door for the web server."""

import logging
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from facio_site.memory import leave_imports_alone
from facio_site.sealing.redaction import Redact

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facio_site.settings")
os.environ.setdefault("FACIO_SERVING", "1")  # settings refuse DEBUG where the site is served
# Gunicorn makes its handlers later, and quotes what a stranger sent: a set-up link, a cookie.
for name in ("gunicorn.error", "gunicorn.access"):
    logging.getLogger(name).addFilter(Redact())

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - imports every view now, not with the first request
leave_imports_alone()

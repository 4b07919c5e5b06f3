"""The door for the web server."""

import logging
import os

from django.core.wsgi import get_wsgi_application

from facio_site.access import cut_queries
from facio_site.redaction import guard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facio_site.settings")
os.environ.setdefault("FACIO_SERVING", "1")  # settings refuse DEBUG where the site is served
logging.getLogger("gunicorn.error").addFilter(cut_queries)
for name in ("gunicorn.error", "gunicorn.access"):
    guard(logging.getLogger(name))

application = get_wsgi_application()

"""How gunicorn writes its lines: as the site does, and one for each request where LOG_ACCESS is 1.

A line has method, path without query, status, bytes, milliseconds and the visitor's address, which
is a proxy's word only as far as TRUSTED_PROXY_COUNT goes.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger

from facio_site.sealing.redaction import redact


class Log(Logger):  # type: ignore[misc]
    def setup(self, cfg: Any) -> None:
        """Without handlers and levels of its own: LOGGING has them."""
        self.cfg = cfg
        self.loglevel = self.error_log.getEffectiveLevel()
        self._access_log_enabled = settings.LOG_ACCESS
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True

    def access(self, resp: Any, req: Any, wsgi: Any, request_time: timedelta) -> None:
        if not settings.LOG_ACCESS:
            return
        counted = {
            "address": address(wsgi),
            "method": wsgi.get("REQUEST_METHOD", ""),
            "path": redact(wsgi.get("PATH_INFO", "")),
            "status": int(str(resp.status).partition(" ")[0]),
            "bytes": getattr(resp, "sent", 0) or 0,
            "ms": round(request_time.total_seconds() * 1000),
        }
        text = '{address} "{method} {path}" {status} {bytes} {ms}ms'.format(**counted)
        logging.getLogger("gunicorn.access").info("%s", text, extra={"counted": counted})

    def reopen_files(self) -> None:
        """There are none."""


def address(wsgi: Any) -> str:
    """The visitor's, as allauth counts it; the proxy's own where the header holds too little."""
    count = settings.TRUSTED_PROXY_COUNT
    named = [part.strip() for part in wsgi.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    nearest = str(wsgi.get("REMOTE_ADDR", ""))
    return named[-count] if count and len(named) >= count and named[-count] else nearest

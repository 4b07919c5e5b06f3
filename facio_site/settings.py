"""All settings. What differs by machine comes from the environment or a `.env` file."""

import contextlib
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from facio_site import private

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

STATE_DIR = Path(env.str("STATE_DIR", default=str(BASE_DIR / "var"))).resolve()
STATE_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


def _kept_secret(path: Path) -> str:
    """The text of a 0600 file, made with random text when it is not there yet.

    Two processes may start at once: the file appears whole or not at all, and the first one wins.
    """
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        private.write_new(fresh, secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()


def _fail(sentence: str) -> None:
    raise ImproperlyConfigured(sentence)


def _in_url(host: str) -> str:
    """A host as URLs and the Host header have it: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


# Said instead of what was found, which may be a piece of the password
UNREADABLE = "can't be read: write special characters of its password as in a URL, / as %2F."

# Where this installation is reached
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://{_in_url(HOST)}:{PORT}").rstrip("/")
IS_LOOPBACK = HOST in ("127.0.0.1", "::1", "localhost")
IS_HTTPS = PUBLIC_URL.startswith("https://")
if not IS_HTTPS and not IS_LOOPBACK:
    _fail(
        "HOST is not loopback, so PUBLIC_URL must start with https:// (a reverse proxy ends TLS)."
    )
try:
    _public_host = urlsplit(PUBLIC_URL).hostname or HOST
except ValueError:
    _fail("PUBLIC_URL is not a URL.")

DEBUG = env.bool("DEBUG", default=False)
if DEBUG and (not IS_LOOPBACK or os.environ.get("FACIO_SERVING")):
    _fail("DEBUG is only for manage.py runserver on loopback: unset it.")
SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret(STATE_DIR / "secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or sorted(
    {_in_url(_public_host), _in_url(HOST)} | ({"localhost", "127.0.0.1"} if IS_LOOPBACK else set())
)
if "*" in ALLOWED_HOSTS and not DEBUG:
    _fail("ALLOWED_HOSTS must name exact hosts, not *.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL] if IS_HTTPS else [])
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "django.forms",  # widgets' templates, for FORM_RENDERER
    "django_htmx",
    "template_partials",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "facio_site",
    "facio_site.accounts",  # behind allauth: it takes allauth's rows off the admin
    "facio_site.audit",
    "providers",
    "routing",
]
MIDDLEWARE = [
    "facio_site.web.middleware.security_headers",  # outermost: error pages and static files too
    # Compressing leaks nothing: no page holds a secret, tokens are masked, lengths are blurred.
    "facio_site.web.middleware.CompressPages",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "facio_site.web.typed.typed_values",
    "facio_site.web.middleware.session_limits",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # open views say so themselves
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "facio_site.web.middleware.told_errors",
    "facio_site.web.middleware.InvalidForms",
    "facio_site.web.middleware.htmx_page_loads",  # innermost: it adds a message
]
# What the pages of providers take from the app above them, which they do not import.
SERVED_BY = "routing.pages.rows.served_by"
NAMED_BY = "routing.pages.naming"
KEEP_BEFORE_REMOVAL = "routing.store.keep_before_removal"
SHARE_BROKER = "providers.work.together.share_broker"  # at a start
LIVE_PARTS = {"route": "routing.pages.testing.render_test"}
NEEDS_ATTENTION = "routing.pages.attention.needed"  # what the navigation counts
ROOT_URLCONF = "facio_site.urls"
WSGI_APPLICATION = "facio_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["template_partials.templatetags.partials"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Store: SQLite in the state folder, or DATABASE_URL. Local disk only.
try:
    DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{STATE_DIR / 'db.sqlite3'}")}
except ValueError:
    raise ImproperlyConfigured(f"DATABASE_URL {UNREADABLE}") from None
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
        ),
    }
DATABASES["default"]["CONN_MAX_AGE"] = 600
# Logins and limits must work without a broker, so the shared cache is the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
    },
    # Pages as they were drawn, in the memory of this process (web/cached.py).
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "TIMEOUT": 3600,
        "OPTIONS": {"MAX_ENTRIES": 96},
    },
    # What {% cache %} keeps of the shell: no data, only words and icons.
    "template_fragments": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "TIMEOUT": None,
    },
}

# Sign-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": "facio_site.accounts.passwords.Told"},  # no rule: a change is recorded
]
ACCOUNT_ADAPTER = "facio_site.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_REQUIRED = False  # a password change asks for the old password itself
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "setup_token": "20/m/ip",
}
MFA_RATE_LIMITS = {"webauthn_login": "10/m/ip"}
ACCOUNT_FORMS = {
    "login": "facio_site.accounts.forms.SignInForm",
    "change_password": "facio_site.accounts.forms.PasswordForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
MFA_ADAPTER = "facio_site.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_FORMS = {
    "add_webauthn": "facio_site.accounts.passkeys.Add",
    "authenticate_webauthn": "facio_site.accounts.passkeys.Authenticate",
    "login_webauthn": "facio_site.accounts.passkeys.Login",
    "reauthenticate_webauthn": "facio_site.accounts.passkeys.Reauthenticate",
}
MFA_TOTP_ISSUER = "Facio Settings"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_REAUTHENTICATION_REQUIRED = True
USERSESSIONS_TRACK_ACTIVITY = True
USERSESSIONS_ADAPTER = "facio_site.accounts.adapters.SessionsAdapter"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # no mail is ever sent

# Sessions, cookies, transport
SESSION_COOKIE_AGE = 8 * 3600  # idle
SESSION_ABSOLUTE_AGE = 7 * 24 * 3600
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True  # tokens come from forms, not from the cookie
CSRF_COOKIE_SAMESITE = "Lax"
# Written by web.middleware.security_headers alone, over whatever a view says.
SECURE_CONTENT_TYPE_NOSNIFF = False
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = None
SECURE_HSTS_SECONDS = 63_072_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_SSL_REDIRECT = IS_HTTPS and TRUSTED_PROXY_COUNT > 0
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SILENCED_SYSTEM_CHECKS = [
    # Other names of this host may be plain http, so neither subdomains nor preload are claimed.
    *("security.W005", "security.W021"),
    # X-Frame-Options, X-Content-Type-Options, Referrer-Policy: see above.
    *("security.W002", "security.W006", "security.W022"),
]
FORM_RENDERER = "facio_site.web.forms.FormRenderer"
# Limits of what a request may carry: the import file is the largest thing anybody sends.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_HANDLERS = ["facio_site.web.uploads.BoundedUpload"]

# Keys that seal what is stored; newest first. MASTER_KEYS wins over the file.
MASTER_KEYS = env.list("MASTER_KEYS", default=[])
MASTER_KEY_FILE = Path(env.str("MASTER_KEY_FILE", default=str(STATE_DIR / "master_keys")))

# Broker: carries job ids and wake-ups only.
# `make run` passes its embedded one on; a command beside it finds that one by its socket.
REDIS_URL = env.str("REDIS_URL", default="") or f"unix://{STATE_DIR / 'broker.sock'}"
try:
    urlsplit(REDIS_URL).port  # noqa: B018 - read now, so that no fault quotes it later
except ValueError:
    raise ImproperlyConfigured(f"REDIS_URL {UNREADABLE}") from None
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=32)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # What a killed worker had taken is found in the job rows, not here: half the work a message.
    "ack_emulation": False,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "max_retries": 1,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "providers.work.beat.OneOfAll"
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "providers.tasks.sweep", "schedule": 10.0}}

# The outbound door. Only the operator opens addresses, here and nowhere else.
OUTBOUND_ALLOW = os.environ.get("OUTBOUND_ALLOW", "loopback" if IS_LOOPBACK else "")
OUTBOUND_PUBLIC_HTTP = env.str("OUTBOUND_PUBLIC_HTTP", default="") == "allow"
OUTBOUND_CA_FILE = env.str("OUTBOUND_CA_FILE", default="")
OUTBOUND_HOSTS_FILE = env.str("OUTBOUND_HOSTS_FILE", default="")
AWS_PROFILES_ALLOWED = env.list("AWS_PROFILES_ALLOWED", default=[])
TEST_SECONDS = env.float("TEST_SECONDS", default=15.0)  # whole test, DNS and TLS included
COMPLETION_TEST_SECONDS = env.float("COMPLETION_TEST_SECONDS", default=30.0)
CATALOG_SECONDS = env.float("CATALOG_SECONDS", default=60.0)
LIVE_HOLDS = env.int("LIVE_HOLDS", default=12)  # of the web threads, for pages that wait for news
TESTS_PER_MINUTE = env.int("TESTS_PER_MINUTE", default=30)  # a user; "Test all" counts as one

# The agent's live file
FACIO_CONFIG_PATH = env.str("FACIO_CONFIG_PATH", default="")
FACIO_CONFIG_MODE = env.str("FACIO_CONFIG_MODE", default="0600")
FACIO_CONFIG_GROUP = env.str("FACIO_CONFIG_GROUP", default="")
FACIO_CONFIG_IN_PLACE = env.bool("FACIO_CONFIG_IN_PLACE", default=False)

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "facio_site" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = IS_HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = STATE_DIR / "static"
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

DEFAULT_EXCEPTION_REPORTER_FILTER = "facio_site.web.errors.NoValues"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        # "Not ready" is an answer of /readyz, not a fault.
        "no_503": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: getattr(record, "status_code", 0) != 503,
        },
        "redact": {"()": "facio_site.sealing.redaction.Redact"},
    },
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["redact"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        # These write whole URLs and headers when they are let.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "h11": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        # Django's own handlers go: none mails, and each line passes the one filter above.
        "django": {"level": "WARNING"},
        "django.server": {"level": "INFO"},
        "django.request": {"filters": ["no_503"]},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}

"""All settings. What differs by machine comes from the environment or a `.env` file."""

import contextlib
import os
import secrets
import sys
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from facio_site import environment, logs, private
from facio_site.environment import Env, refuse

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
env.file(BASE_DIR / ".env")

STATE_DIR = Path(env.str("STATE_DIR", default="") or BASE_DIR / "var").resolve()
try:
    STATE_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as _error:
    refuse(f"STATE_DIR {STATE_DIR} cannot be used: {_error.strerror}.")


def _kept_secret(path: Path) -> str:
    """The text of a 0600 file, made with random text when it is not there yet.

    Two processes may start at once: the file appears whole or not at all, and the first one wins.
    """
    try:
        if not path.exists():
            fresh = path.with_name(f"{path.name}.{os.getpid()}")
            private.write_new(fresh, secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        return path.read_text().strip()
    except OSError as error:
        sentence = f"SECRET_KEY: {path} can be neither read nor made: {error.strerror}."
        raise ImproperlyConfigured(sentence) from None


def _in_url(host: str) -> str:
    """A host as URLs and the Host header have it: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


# Where this installation is reached
HOST, IS_LOOPBACK = environment.host(env.str("HOST", default=""))
PORT = env.whole("PORT", default=8000, least=0, most=65535)
_address = environment.public_address(
    env.str("PUBLIC_URL", default="") or f"http://{_in_url(HOST)}:{PORT}"
)
PUBLIC_URL, BASE_PATH, IS_HTTPS = _address.url, _address.path, _address.is_https
if not IS_HTTPS and not IS_LOOPBACK:
    refuse(
        "HOST is not loopback, so PUBLIC_URL must start with https:// (a reverse proxy ends TLS)."
    )

DEBUG = env.flag("DEBUG")
if DEBUG and (not IS_LOOPBACK or os.environ.get("FACIO_SERVING")):
    refuse("DEBUG is only for manage.py runserver on loopback: unset it.")
SECRET_KEY = env.secret("SECRET_KEY") or _kept_secret(STATE_DIR / "secret_key")
ALLOWED_HOSTS = environment.exact_hosts(env.names("ALLOWED_HOSTS")) or sorted(
    {_in_url(_address.host), _in_url(HOST)} | ({"localhost", "127.0.0.1"} if IS_LOOPBACK else set())
)
CSRF_TRUSTED_ORIGINS = environment.origins(env.names("CSRF_TRUSTED_ORIGINS"))
CSRF_TRUSTED_ORIGINS += [_address.origin] if IS_HTTPS else []
TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXY_COUNT", default=0, least=0, most=9)

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
    "facio_site.web.behind.proxies",
    "django.middleware.security.SecurityMiddleware",
    "providers.pages.health.answered",  # under any Host, and whatever else is away
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "facio_site.web.middleware.htmx_refusals",
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
USED_BY = "routing.pages.rows.used_models"
ASKED_BY = "routing.state.asked"  # of each call of the agent, for tests of models
NAMED_BY = "routing.pages.naming"
KEEP_BEFORE_REMOVAL = "routing.state.store.keep_before_removal"
SHARE_BROKER = "providers.work.together.share_broker"  # at a start
LIVE_PARTS = {"route": "routing.pages.testing.render_test"}
# What outlives its time, app by app (history.py).
HISTORY = [
    "facio_site.accounts.history.old",
    "providers.work.history.old",
    "routing.state.store.old_bodies",
    "routing.watch.history.old",
]
BESIDE_WEB = ["routing.watch.system.start"]  # in each process that answers requests
NEEDS_ATTENTION = "routing.pages.attention.needed"  # what the navigation counts
NEWS_FOR = "routing.pages.bell.unseen"  # what the bell counts for one person
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
DATABASES = {
    "default": environment.database(
        env.secret("DATABASE_URL") or f"sqlite:///{quote(str(STATE_DIR / 'db.sqlite3'))}"
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
            "PRAGMA cache_size=-512;"  # KB for each thread; the system keeps the file in memory
        ),
    }
DATABASES["default"]["CONN_MAX_AGE"] = 600
CELERY_DB_REUSE_MAX = sys.maxsize  # else Celery closes it after each task
# A server that was restarted, or a pooler that let go, is met with a new connection, not a 503.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = not DATABASES["default"]["ENGINE"].endswith("sqlite3")
# A pooler gives each transaction another connection, and a cursor of the server lives in one.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
# Logins and limits must work without a broker, so the shared cache is the database. It holds the
# counters of guesses, so it never makes room: time alone removes them (accounts/limits.py).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": sys.maxsize},
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
LOGIN_REDIRECT_URL = "routing:overview"
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
    "reauthenticate": "facio_site.accounts.forms.ConfirmForm",
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
# Django itself mails nothing, error reports least of all: alerts have a way of their own.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

# Sessions, cookies, transport
SESSION_COOKIE_AGE = 8 * 3600  # idle
SESSION_ABSOLUTE_AGE = 7 * 24 * 3600
# A prefix that browsers hold to; __Host- is for cookies of a whole host only.
_PREFIX = ("__Secure-" if BASE_PATH else "__Host-") if IS_HTTPS else ""
COOKIE_PATH = f"{BASE_PATH}/"  # web.middleware.security_headers gives it to every cookie
SESSION_COOKIE_NAME = f"{_PREFIX}session"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_PREFIX}csrf"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True  # tokens come from forms, not from the cookie
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "facio_site.web.errors.csrf_failed"
# Written by web.middleware.security_headers alone, over whatever a view says.
SECURE_CONTENT_TYPE_NOSNIFF = False
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = None
SECURE_HSTS_SECONDS = 63_072_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_SSL_REDIRECT = IS_HTTPS and TRUSTED_PROXY_COUNT > 0
# Asked by machines beside this one, without the proxy
ASKED_DIRECTLY = ("healthz", "readyz", "metrics")
SECURE_REDIRECT_EXEMPT = [rf"^({BASE_PATH.lstrip('/')}/)?({'|'.join(ASKED_DIRECTLY)})$"]
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
MASTER_KEYS = env.names("MASTER_KEYS")
MASTER_KEY_FILE = Path(env.str("MASTER_KEY_FILE", default="") or STATE_DIR / "master_keys")

# Broker, of job ids and wake-ups only. `make run` passes its own on, a command finds it there.
_broker = environment.broker(
    env.secret("REDIS_URL") or f"unix://{quote(str(STATE_DIR / 'broker.sock'))}"
)
REDIS_URL, CELERY_BROKER_URL, CELERY_BROKER_USE_SSL = _broker
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True  # celery.py takes the next at once
CELERY_WORKER_CONCURRENCY = env.whole("WORKER_CONCURRENCY", default=32, least=1, most=1024)
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
CELERY_BEAT_SCHEDULER = "providers.work.beat.OneOfAll"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "providers.tasks.sweep", "schedule": 10.0},
    "prune": {"task": "providers.tasks.prune", "schedule": 3600.0},
    "watch": {"task": "routing.tasks.watch", "schedule": 10.0},
}

# The outbound door. Only the operator opens addresses, here and nowhere else.
OUTBOUND_ALLOW = os.environ.get("OUTBOUND_ALLOW", "loopback" if IS_LOOPBACK else "")
OUTBOUND_PUBLIC_HTTP = env.choice("OUTBOUND_PUBLIC_HTTP", "", "allow") == "allow"
OUTBOUND_CA_FILE = env.str("OUTBOUND_CA_FILE", default="")
OUTBOUND_PROXY = env.secret("OUTBOUND_PROXY")
OUTBOUND_HOSTS_FILE = env.str("OUTBOUND_HOSTS_FILE", default="")
AWS_PROFILES_ALLOWED = env.names("AWS_PROFILES_ALLOWED")
# A whole test, DNS and TLS included. What is final after 90 seconds ends before.
TEST_SECONDS = env.seconds("TEST_SECONDS", default=15.0, least=0.1, most=80.0)
COMPLETION_TEST_SECONDS = env.seconds("COMPLETION_TEST_SECONDS", default=30.0, least=0.1, most=80.0)
CATALOG_SECONDS = env.seconds("CATALOG_SECONDS", default=60.0, least=0.1, most=80.0)
# Each may be a connection to a database server, which is spared half of them (run/up.py, too).
_THREADS = 32 if env.secret("DATABASE_URL") else 64
WEB_THREADS = env.whole("WEB_THREADS", default=_THREADS, least=1, most=1024)
# Of the web threads, for pages that wait for news: the rest is left for those that do not.
LIVE_HOLDS = env.whole("LIVE_HOLDS", default=WEB_THREADS * 3 // 4, least=0, most=WEB_THREADS - 1)
# A user; "Test all" counts as one.
TESTS_PER_MINUTE = env.whole("TESTS_PER_MINUTE", default=30, least=1, most=1_000_000)

# "" = there is no /metrics
METRICS_TOKEN = environment.token("METRICS_TOKEN", env.secret("METRICS_TOKEN"))

# Alerts: how long one message to a receiver may take, and the mail server of the operator
ALERT_SECONDS = env.seconds("ALERT_SECONDS", default=30.0, least=0.1, most=80.0)
SMTP_SECURITY = env.choice("SMTP_SECURITY", *environment.MAIL_PORTS)
SMTP_HOST = environment.mail_host(env.str("SMTP_HOST", default=""))  # "" = no mail is sent
_PORT = environment.MAIL_PORTS[SMTP_SECURITY]
SMTP_PORT = env.whole("SMTP_PORT", default=_PORT, least=1, most=65535)
SMTP_USER = env.str("SMTP_USER", default="").strip()
SMTP_PASSWORD = env.secret("SMTP_PASSWORD")
SMTP_FROM = environment.sender(env.str("SMTP_FROM", default=""))
environment.check_mail(SMTP_HOST, SMTP_SECURITY, SMTP_USER, SMTP_PASSWORD, SMTP_FROM)

# History: how long ended jobs and the bodies of old versions are kept, and how many jobs of each
# provider. Audit entries are never removed.
KEEP_JOBS_DAYS = env.whole("KEEP_JOBS_DAYS", default=90, least=1, most=36_500)
KEEP_JOBS_PER_PROVIDER = env.whole("KEEP_JOBS_PER_PROVIDER", default=500, least=1, most=1_000_000)

# The agent's live file
FACIO_CONFIG_PATH = env.str("FACIO_CONFIG_PATH", default="")
FACIO_CONFIG_MODE = env.str("FACIO_CONFIG_MODE", default="0600")
FACIO_CONFIG_GROUP = env.str("FACIO_CONFIG_GROUP", default="")
FACIO_CONFIG_IN_PLACE = env.flag("FACIO_CONFIG_IN_PLACE")

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

STATIC_URL = f"{BASE_PATH}/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = STATE_DIR / "static"
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "facio_site.web.statics.LeanStaticFiles"},
}

DEFAULT_EXCEPTION_REPORTER_FILTER = "facio_site.web.errors.NoValues"
LOG_ACCESS = env.flag("LOG_ACCESS")
LOGGING = logs.config(
    env.choice("LOG_FORMAT", logs.TEXT, logs.JSON),
    env.choice("LOG_LEVEL", *logs.LEVELS),
    access=LOG_ACCESS,
)

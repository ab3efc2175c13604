"""Django's settings, all derived from `config.env`."""

import secrets
from pathlib import Path
from typing import Any

import dj_database_url
import plotly
from csp.constants import NONE, SELF

from config import env

ENV = env.read()
BASE_DIR = env.BASE_DIR

DEBUG = ENV.DEBUG
SECRET_KEY = ENV.SECRET_KEY or secrets.token_urlsafe(50)
ALLOWED_HOSTS = list(ENV.ALLOWED_HOSTS)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "config",
    "demo",
    "dashboards",
    "degradation",
    "alerts",
    "slo",
]

MIDDLEWARE = [
    "config.health.LivenessMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboards.context.shell",
            ],
        },
    }
]

# Data -------------------------------------------------------------------------------------------------------------
_database = dj_database_url.parse(ENV.DATABASE_URL, conn_health_checks=True)
if _database["ENGINE"] == "django.db.backends.sqlite3":
    if _database["NAME"] != ":memory:":
        # A relative path means the same file from whichever folder a command is started.
        _file = BASE_DIR / _database["NAME"]
        _file.parent.mkdir(parents=True, exist_ok=True)
        _database["NAME"] = str(_file)
    # Readers never wait for a writer (WAL); a writer takes its lock at once instead of failing half-way.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-64000;",
    }
else:
    _database["OPTIONS"] = {**_database.get("OPTIONS", {}), "pool": {"min_size": 1, "max_size": 8}}
DATABASES = {"default": _database}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# People -----------------------------------------------------------------------------------------------------------
PUBLIC_READ = ENV.PUBLIC_READ
PUBLIC_STATUS = ENV.PUBLIC_STATUS
STATUS_NAME, STATUS_SUBSCRIBE = ENV.STATUS_NAME, ENV.STATUS_SUBSCRIBE
STATUS_FILE = str(BASE_DIR / ENV.STATUS_FILE) if ENV.STATUS_FILE else ""
# So long the status page is answered from memory. 0: every request reads for itself, as tests want it.
STATUS_SECONDS = 5
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "overview"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "dashboards/login/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
TRUST_PROXY = ENV.TRUST_PROXY
AXES_IPWARE_PROXY_COUNT = 1 if TRUST_PROXY else None

# The browser ------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, "data:"],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_SSL_REDIRECT = ENV.HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if ENV.HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENV.HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.TRUST_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.HTTPS
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [str(ENV.BASE_URL).rstrip("/")]

STATIC_URL = "static/"
STATIC_ROOT = env.VAR_DIR / "static"
# plotly.js comes out of the installed Python package.
STATICFILES_DIRS = [("plotly", str(Path(plotly.__file__).parent / "package_data"))]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# The loop ---------------------------------------------------------------------------------------------------------
TICK_SECONDS = ENV.TICK_SECONDS
RUNBOOK_STALE_DAYS = ENV.RUNBOOK_STALE_DAYS
BASE_URL = str(ENV.BASE_URL).rstrip("/")
BROKER_URL = ENV.BROKER_URL
WATCHDOG_URL, WATCHDOG_SECONDS = ENV.WATCHDOG_URL, ENV.WATCHDOG_SECONDS

# Flags for applications -------------------------------------------------------------------------------------------
# A flip is known within 1 s; a reading costs a few milliseconds. 0: every request reads for itself, as tests want it.
FLAG_POLL_SECONDS = 0.25
# For so long all readers of the overview see the same drawing of it.
SHARED_SECONDS = min(5.0, ENV.TICK_SECONDS / 2)
FLAG_STALE_SECONDS, FLAG_STREAMS, FLAG_RATE = ENV.FLAG_STALE_SECONDS, ENV.FLAG_STREAMS, ENV.FLAG_RATE

# Messages ---------------------------------------------------------------------------------------------------------
EMAIL_HOST, EMAIL_PORT = ENV.EMAIL_HOST, ENV.EMAIL_PORT
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS = ENV.EMAIL_USER, ENV.EMAIL_PASSWORD, ENV.EMAIL_TLS
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENV.EMAIL_FROM

# Words ------------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": ENV.LOG_LEVEL},
    # The folder that is the embedded broker has no host name, and kombu warns of that at every start.
    "loggers": {"kombu.connection": {"level": "ERROR"}},
}

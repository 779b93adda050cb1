"""Django's settings. What may differ between places comes from the environment: see `.env.example`."""

import tomllib
import zoneinfo
from datetime import timedelta
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from config import logs
from config.env import BASE, env, refuse_unsafe_production, sandbox_url, seal_keys
from tenants.scoping import forget_scope

# The rules of our pinned tzdata, not of the machine: an older table puts events an hour off where laws have changed.
zoneinfo.reset_tzpath(to=())

VERSION: str = tomllib.loads((BASE / "pyproject.toml").read_text())["project"]["version"]

# On a developer's machine: the sandbox, demonstration accounts and readable logs exist there and nowhere else.
DEVELOPMENT: bool = env.bool("DEBUG", default=False)
# Django's own switch, for its error pages with code in them.
DEBUG: bool = DEVELOPMENT and not env.bool("PLAIN_ERROR_PAGES", default=False)
SECRET_KEY: str = env.str("SECRET_KEY")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"] if DEVELOPMENT else [])
ALMANAC_ORIGIN: str = env.str("ALMANAC_ORIGIN", default="http://localhost:8000").rstrip("/")
SEAL_KEYS: list[tuple[str, bytes]] = seal_keys(env.str("SEAL_KEYS", default=""))
SANDBOX_URL: str = sandbox_url(env.str("SANDBOX_URL", default=""))
CSRF_TRUSTED_ORIGINS: list[str] = [ALMANAC_ORIGIN]

MICROSOFT_CLIENT_ID: str = env.str("MICROSOFT_CLIENT_ID", default="")
MICROSOFT_CLIENT_SECRET: str = env.str("MICROSOFT_CLIENT_SECRET", default="")
# Whether outlook.com accounts may be connected too; the registration at Microsoft must allow them as well.
PERSONAL_ACCOUNTS: bool = env.bool("PERSONAL_ACCOUNTS", default=True)
LOGIN_ORIGIN = "https://login.microsoftonline.com"
GRAPH_ORIGIN = "https://graph.microsoft.com"
# The browser goes to the sandbox's own address; form-action must allow the place that "Connect" redirects to.
LOGIN_ORIGINS_FOR_BROWSERS: list[str] = [SANDBOX_URL] if SANDBOX_URL else [LOGIN_ORIGIN]
# Graph must reach this address; the sandbox reaches it on this machine.
NOTIFICATION_ORIGIN: str = env.str("NOTIFICATION_ORIGIN", default=ALMANAC_ORIGIN).rstrip("/")

# How much of a calendar is kept, in days around today.
WINDOW_DAYS_BACK: int = env.int("WINDOW_DAYS_BACK", default=90)
WINDOW_DAYS_AHEAD: int = env.int("WINDOW_DAYS_AHEAD", default=365)
# A followed calendar that was not read for this long is read, whether or not Graph called.
POLL_AFTER = timedelta(minutes=env.int("POLL_AFTER_MINUTES", default=15))
# Microsoft drops the access of a refresh token that nobody has used for this long.
TOKEN_IDLE_AFTER = timedelta(days=90)

INSTALLED_APPS = [
    "webhooks",
    "calendars",
    "connections",
    "tenants",
    # django.contrib.admin, with a site of our own.
    "tenants.apps.SupportDeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

MIDDLEWARE = [
    # These two are outermost: the redirect to https, which the third makes, carries their headers, too.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.security.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.logs.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.middleware.TimeZoneMiddleware",
    "tenants.middleware.SupportMiddleware",
    "tenants.middleware.OrganizationMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.context.shell",
            ],
        },
    },
]


def _database(name: str) -> dict[str, Any]:
    database: dict[str, Any] = env.db_url(name)
    # A pool gives 4 to 6 times the requests of a connection each; it hands connections on without a scope.
    database.setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": env.int("DATABASE_POOL_SIZE", default=20),
        # Shorter than the three seconds that Graph waits: a notification that cannot be kept is answered in time.
        "timeout": env.float("DATABASE_POOL_TIMEOUT", default=2.0),
        "reset": forget_scope,
    }
    # The serialised copy that Django would make reads every table outside every scope, and nothing uses it.
    database["TEST"] = {"SERIALIZE": False}
    return database


DATABASES = {"default": _database("DATABASE_URL")}
# The role that owns the tables: for `manage.py migrate` and for making test databases, nothing else.
DATABASE_OWNER: dict[str, Any] = env.db_url("DATABASE_OWNER_URL") if env.str("DATABASE_OWNER_URL", default="") else {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "almanac",
        # Django's own serializer is pickle: whoever writes to Redis would run code here.
        "OPTIONS": {"serializer": "tenants.caching.JSONSerializer"},
    }
}

# --- people ---------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenants.User"
# The address is unique without regard to case, by a constraint that this check does not look at.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "tenants:entrance"
LOGOUT_REDIRECT_URL = "tenants:landing"
ACCOUNT_ADAPTER = "tenants.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Beside allauth's own limits: a stranger must not fill somebody's mailbox with links.
ACCOUNT_RATE_LIMITS = {"reset_password": "20/m/ip,5/h/key", "microsoft": "20/m/ip"}
MFA_ADAPTER = "tenants.adapters.SecondFactorAdapter"
# Codes only: no page of ours registers a security key.
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Almanac"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(ALMANAC_ORIGIN).scheme
ALLAUTH_TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXY_COUNT", default=0)

# --- mail -----------------------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="consolemail://" if DEVELOPMENT else "dummymail://"))
if vars()["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
    EMAIL_BACKEND = "tenants.services.smtp.EmailBackend"
# A mail server that says nothing must not hold a worker for ever.
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="Almanac <almanac@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Whom a Microsoft administrator deals with, as the page says that asks for their approval.
PUBLISHER: str = env.str("PUBLISHER", default="Almanac")
PUBLISHER_VERIFIED: bool = env.bool("PUBLISHER_VERIFIED", default=False)
SUPPORT_ADDRESS: str = env.str("SUPPORT_ADDRESS", default="") or parseaddr(DEFAULT_FROM_EMAIL)[1]

# --- browser --------------------------------------------------------------------------------------------------
_SECURE = urlsplit(ALMANAC_ORIGIN).scheme == "https"
SESSION_COOKIE_NAME = "__Host-session" if _SECURE else "session"
CSRF_FAILURE_VIEW = "tenants.views.errors.csrf_failure"
CSRF_COOKIE_NAME = "__Host-csrf" if _SECURE else "csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = _SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_TLS_PROXY", default=False) else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["config.security.NoFiles"]
# Django's usual place is a cookie of its own: without `__Host-`, and with addresses in it that are readable outside.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- language and static files -----------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE / "static"]
STATIC_ROOT = BASE / "var" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEVELOPMENT

# --- jobs -----------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# What a worker prints stays what it is: on a developer's machine, mails. As lines of the log their links would be cut.
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "global_keyprefix": "almanac:"}
CELERY_TASK_DEFAULT_QUEUE = "housekeeping"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_BEAT_SCHEDULE_FILENAME = str(BASE / "var" / "celerybeat-schedule")

# --- logs -----------------------------------------------------------------------------------------------------
LOGGING = logs.configuration(level=env.str("LOG_LEVEL", default="INFO"), console=DEVELOPMENT)
logs.configure()

if not DEVELOPMENT:
    refuse_unsafe_production(
        secret_key=SECRET_KEY,
        hosts=ALLOWED_HOSTS,
        origin=ALMANAC_ORIGIN,
        notifications=NOTIFICATION_ORIGIN,
        sandbox=SANDBOX_URL,
        client=(MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET),
        keys=SEAL_KEYS,
        redis_url=REDIS_URL,
        database=DATABASES["default"],
        email_backend=str(vars().get("EMAIL_BACKEND", "")),
    )

"""
What is looked at when the first connection to the database opens.

A failed system check stops neither gunicorn nor a Celery worker, so this raises where nothing goes on without it.
"""

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_UID = "tenants.checks.roles"
# MEMBER and not USAGE: what this role could become by SET ROLE counts, too.
_POWERS = """
    SELECT EXISTS (SELECT FROM pg_roles WHERE (rolsuper OR rolbypassrls) AND pg_has_role(session_user, oid, 'MEMBER')),
           EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
                   AND pg_has_role(session_user, relowner, 'MEMBER'))
"""


def refuse_unsafe_roles() -> None:
    """From now on, the first connection raises ImproperlyConfigured if its role could look past the policies."""
    connection_created.connect(_look_once, dispatch_uid=_UID)


def allow_any_role() -> None:
    """For migrations, which are the owner's."""
    connection_created.disconnect(dispatch_uid=_UID)


def _look_once(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    found = powers(connection)
    if found:
        connection.close()
        raise ImproperlyConfigured(
            f"DATABASE_URL logs in as a role that {' and '.join(found)}: row-level policies would not bind it. "
            "Use almanac_app, as docs/operations.md says."
        )
    connection_created.disconnect(dispatch_uid=_UID)


def powers(connection: BaseDatabaseWrapper) -> list[str]:
    """What this connection's role could do against the policies, in words; empty for a role as it should be."""
    with connection.cursor() as cursor:
        cursor.execute(_POWERS)
        bypasses, owns = cursor.fetchone()
    return ["is a superuser or bypasses policies"] * bypasses + ["owns tables"] * owns

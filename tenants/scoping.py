"""
Scopes: whose rows the database shows, for one short transaction.

PostgreSQL's row-level security is the second wall behind `.of(organization)`: outside a scope the database
shows no customer row at all. An empty answer looks like "nothing there", so Django raises `ScopeError` instead
(`guard_every_connection`); psql simply shows 0 rows.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# Statements that read or write rows. DDL names tables too, and belongs to migrations.
_ROWS = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|EXPLAIN)\b", re.IGNORECASE)


class ScopeError(RuntimeError):
    """A query named a customer's table outside every scope, or two scopes were nested that differ."""


@contextmanager
def organization_scope(organization_id: int) -> Iterator[None]:
    """
    One organization's rows, for one short transaction.

    Opening the same organization again inside is harmless; another one raises. Never call Microsoft inside:
    the transaction would stay open as long as Microsoft takes.

    Raises:
        ScopeError: another scope is open.
    """
    with _scope(
        organization_id,
        "SELECT set_config('almanac.organization', %s, true)",
        str(organization_id),
        neutral="",
    ):
        yield


@contextmanager
def system_scope(reason: str) -> Iterator[None]:
    """
    What the role `almanac_system` was granted, in all organizations: a few columns, by name.

    Only the `doors` modules open it (a rule test lists the callers); `reason` is for the reader and for errors.

    Raises:
        ScopeError: another scope is open.
    """
    with _scope(("system", reason), "SELECT set_config('role', %s, true)", "almanac_system", neutral="none"):
        yield


@contextmanager
def support_scope() -> Iterator[None]:
    """
    What support staff may see in the Django admin: states and dates in all organizations, no contents, no secrets.

    Raises:
        ScopeError: another scope is open.
    """
    with _scope(("support",), "SELECT set_config('role', %s, true)", "almanac_support", neutral="none"):
        yield


def current_scope() -> object | None:
    """The open scope of this thread's connection: an organization's id, a tuple, or None."""
    return getattr(connection, "scope", None)


@contextmanager
def _scope(wanted: object, sql: str, value: str, *, neutral: str) -> Iterator[None]:
    outer = current_scope()
    if outer not in (None, wanted):
        raise ScopeError(f"scope {wanted} inside scope {outer}")
    borrowed = connection.in_atomic_block  # somebody else's transaction: SET LOCAL would outlive this scope
    with transaction.atomic():
        _run(sql, value)
        connection.scope = wanted  # type: ignore[attr-defined]  # the scope belongs to this thread's connection
        try:
            yield
        finally:
            connection.scope = outer  # type: ignore[attr-defined]
        if borrowed and outer is None and not connection.needs_rollback:
            _run(sql, neutral)  # after an error the savepoint puts it back by itself


def _run(sql: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [value])


def forget_scope(database: Any) -> None:
    """For the connection pool: hand a connection on without a trace of whose rows it showed (`psycopg`'s `reset`)."""
    database.execute("SELECT set_config('role', 'none', false), set_config('almanac.organization', '', false)")
    if not database.autocommit:
        database.commit()


def let_database_go() -> None:
    """
    Give this thread's connection back to the pool, for whoever sleeps, or writes to somebody slow, between scopes.

    Harmless inside a transaction (a test's): it stays open then.
    """
    if not connection.in_atomic_block:
        connection.close()


def guard_every_connection() -> None:
    """From now on, every connection refuses statements on customers' tables outside a scope."""
    connection_created.connect(_guard, dispatch_uid="tenants.scoping.guard")


def _guard(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    if _refuse_unscoped not in connection.execute_wrappers:
        connection.execute_wrappers.append(_refuse_unscoped)


def _refuse_unscoped(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    database = context["connection"]
    if getattr(database, "scope", None) is None and isinstance(sql, str) and _ROWS.match(sql):
        found = _customer_tables().search(sql)
        if found:
            raise ScopeError(f"a query on {found[0]} outside a scope: see tenants/scoping.py")
    return execute(sql, params, many, context)


@cache
def _customer_tables() -> re.Pattern[str]:
    """Every table that holds customers' rows: all subclasses of `TenantModel`, and models that say so themselves."""
    names = sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if getattr(model, "is_customer_data", False)
    )
    return re.compile(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b")

"""Every table: whose rows it holds, and that the database itself keeps organizations apart."""

import re

import pytest
from django.db import connection

from tests.rules import walk

pytestmark = pytest.mark.django_db

# Tables of ours that hold no customer's rows.
NOBODYS = {
    "connections_microsoftidentity": "what a person signs in with, in whichever organizations they are",
    "connections_accountsignin": "somebody on the way to being recognized, before any organization is known",
    "tenants_user": "a person exists before and beside every organization",
    "tenants_user_groups": "Django's rights of staff, unused",
    "tenants_user_user_permissions": "Django's rights of staff, unused",
}
# Customers' tables whose rows are not named by an `organization_id`.
OTHERWISE_NAMED = {
    "tenants_organization": "it is the organization; its policy compares `id`",
    "webhooks_subscription": "it belongs to a mailbox, which two organizations may have connected: for the system only",
    "tenants_outgoingmail": "people are written to who have no organization: for the system, and to be added to",
}
# What the application itself may do in a table that is reserved for the system.
RESERVED = {"webhooks_subscription": [], "tenants_outgoingmail": ["add_only"]}
# Keys between customers' tables that need no twin.
SINGLE_KEYS: dict[str, str] = {}
OURS = "(id = ( SELECT (NULLIF(current_setting('almanac.organization'::text, true), ''::text))::bigint"
SECRET = re.compile(
    r"passw|sealed|digest|token|verifier|nonce|secret|session|home_account|subject|location|attendee|organizer"
    r"|join_url|web_link|recurrence|_link$|^key$|body"
)


def rows(sql: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def customer_tables() -> list[str]:
    return sorted(model._meta.db_table for model in walk.customer_models())


def test_every_model_holds_customers_rows_or_says_why_not():
    others = {model._meta.db_table for model in walk.models()} - set(customer_tables())
    assert others == set(NOBODYS), "name a new table in NOBODYS with a reason, or make it a TenantModel"


def test_every_customers_row_names_its_organization():
    named = {
        table
        for (table,) in rows(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND column_name = 'organization_id' AND is_nullable = 'NO'"
        )
    }
    assert set(customer_tables()) - named == set(OTHERWISE_NAMED)
    assert named <= set(customer_tables()), "a table with an organization that no model calls customers' data"


def test_every_customers_table_has_its_policies_forced_upon_its_owner_too():
    protected = rows(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
        "AND relrowsecurity AND relforcerowsecurity ORDER BY relname"
    )
    assert [table for (table,) in protected] == customer_tables()


def test_the_application_meets_one_policy_that_compares_the_organization():
    for table in customer_tables():
        policies = rows(
            "SELECT policyname, permissive, cmd, qual, with_check, roles::text[] FROM pg_policies WHERE tablename = %s",
            table,
        )
        assert policies, table
        bind_application = [
            policy for policy in policies if {"almanac_app", "almanac_owner", "public"} & set(policy[5])
        ]
        if table in RESERVED:
            assert [policy[0] for policy in bind_application] == RESERVED[table]
            continue
        ((name, _, command, using, check, roles),) = bind_application
        assert (name, command, set(roles)) == ("organization", "ALL", {"almanac_app", "almanac_owner"}), table
        wanted = OURS if table == "tenants_organization" else OURS.replace("(id", "(organization_id", 1)
        assert using.startswith(wanted), table
        assert check == using, table


def test_what_the_system_and_support_roles_may_do_is_granted_by_column_and_policy():
    for role, commands in (
        ("almanac_system", {"SELECT", "INSERT", "UPDATE", "DELETE", "ALL"}),
        ("almanac_support", {"SELECT"}),
    ):
        granted = {command for (command,) in rows("SELECT DISTINCT cmd FROM pg_policies WHERE %s = ANY(roles)", role)}
        assert granted <= commands, role
    assert {command for _, _, command in grants_to("almanac_support")} == {"SELECT"}, "support staff change nothing"


def test_support_is_granted_no_secret_and_no_content():
    granted = grants_to("almanac_support")
    assert {table for table, column, _ in granted if column is None} == set(), "grant columns, not tables"
    assert [f"{table}.{column}" for table, column, _ in granted if SECRET.search(column or "")] == []
    assert {column for table, column, _ in granted if table == "calendars_event"} <= {
        "id",
        "organization_id",
        "calendar_id",
    }


def grants_to(role: str) -> list[tuple[str, str | None, str]]:
    """Table, column (or None for the whole table) and command of everything that a role was granted."""
    granted = rows(
        """
        SELECT relname, NULL, acl.privilege_type FROM pg_class, aclexplode(relacl) AS acl
        WHERE acl.grantee = %s::regrole AND relkind = 'r'
        UNION ALL
        SELECT relname, attname, acl.privilege_type
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, aclexplode(attacl) AS acl
        WHERE acl.grantee = %s::regrole
        """,
        role,
        role,
    )
    assert granted, "no grant was found, so nothing was checked"
    return granted


def test_every_key_between_two_customers_tables_carries_the_organization():
    keys = rows(
        """
        SELECT conrelid::regclass::text, confrelid::regclass::text,
               ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
                     JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place),
               ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
                     JOIN pg_attribute ON attrelid = confrelid AND attnum = number ORDER BY place)
        FROM pg_constraint WHERE contype = 'f'
        """
    )
    tables = set(customer_tables()) - set(OTHERWISE_NAMED)
    single = {(table, columns[0], parent) for table, parent, columns, _ in keys if len(columns) == 1}
    twins = {
        (table, columns[1], parent)
        for table, parent, columns, targets in keys
        if columns[:1] == ["organization_id"] and targets == ["organization_id", "id"]
    }
    between = {key for key in single if key[0] in tables and key[2] in tables}
    assert between, "no key was found, so nothing was checked"
    assert {f"{table}.{column}" for table, column, _ in between - twins} == set(SINGLE_KEYS)


def test_no_key_is_followed_by_the_database_itself():
    """ON DELETE CASCADE looks past policies, and would delete another organization's rows."""
    assert rows("SELECT conname FROM pg_constraint WHERE contype = 'f' AND confdeltype <> 'a'") == []


def test_nothing_else_in_the_database_shows_rows_past_the_policies():
    """Views, materialized views, partitions and foreign tables have rights of their own; definer functions, too."""
    public = rows("SELECT 'public'::regnamespace::oid")[0]
    assert (
        rows("SELECT relname FROM pg_class WHERE relnamespace = %s AND relkind IN ('v', 'm', 'p', 'f')", *public) == []
    )
    assert rows("SELECT proname FROM pg_proc WHERE pronamespace = %s AND prosecdef", *public) == []


def test_the_exceptions_are_not_stale():
    tables = {model._meta.db_table for model in walk.models()}
    assert set(NOBODYS) | set(OTHERWISE_NAMED) <= tables


def test_the_role_that_runs_these_tests_is_the_applications():
    """Otherwise none of them would prove anything."""
    assert rows("SELECT session_user::text, current_user::text") == [("almanac_app", "almanac_app")]
    assert rows("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = session_user") == [(False, False)]
    assert rows("SELECT relname FROM pg_class WHERE pg_has_role(session_user, relowner, 'MEMBER')") == []

"""
Operations for migrations: grants and row-level policies, so that the database itself keeps organizations apart.

Roles are made by whoever sets up the database (docs/operations.md): `almanac_owner` owns the tables and migrates,
`almanac_app` is what web and workers log in as, `almanac_system` and `almanac_support` are roles that the application
takes for one transaction (`tenants/scoping.py`). Table and column names come from our own migrations only.
"""

from django.db import migrations

# One look-up per statement instead of one per row; NULLIF because a setting that was LOCAL once stays as ''.
ORGANIZATION = "(SELECT NULLIF(current_setting('almanac.organization', true), '')::bigint)"


def grant_application() -> migrations.RunSQL:
    """Once, in the first migration of the first app: what the roles may do with tables that come later, too."""
    return migrations.RunSQL(
        """
        GRANT USAGE ON SCHEMA public TO almanac_app, almanac_system, almanac_support;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO almanac_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO almanac_app;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO almanac_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO almanac_app;
        """,
        migrations.RunSQL.noop,
    )


def protect(table: str, column: str = "organization_id") -> migrations.RunSQL:
    """Show and take rows of the scope's organization only, even for the owner of the table."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY organization ON {table} TO almanac_app, almanac_owner
            USING ({column} = {ORGANIZATION}) WITH CHECK ({column} = {ORGANIZATION});
        """,
        migrations.RunSQL.noop,
    )


def reserve_for_system(table: str) -> migrations.RunSQL:
    """For tables that belong to a mailbox and not to an organization: no organization's scope sees a row."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY system_all ON {table} TO almanac_system USING (true) WITH CHECK (true);
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO almanac_system;
        GRANT USAGE ON SEQUENCE {table}_id_seq TO almanac_system;
        """,
        migrations.RunSQL.noop,
    )


def append_only(table: str) -> migrations.RunSQL:
    """
    Rows may be added and read, and never changed or deleted: not by the application, and by nobody through SQL at all.

    The grant is the wall; the trigger says so to whoever owns the table, too.
    """
    return migrations.RunSQL(
        f"""
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM almanac_app;
        CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '{table} is append only'; END $$;
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_refuse();
        """,
        migrations.RunSQL.noop,
    )


def open_for_adding(table: str) -> migrations.RunSQL:
    """For tables reserved for the system: the application may add rows, in any scope, and see none."""
    return migrations.RunSQL(
        f"""
        REVOKE ALL ON {table} FROM almanac_app;
        GRANT INSERT ON {table} TO almanac_app;
        CREATE POLICY add_only ON {table} FOR INSERT TO almanac_app WITH CHECK (true);
        """,
        migrations.RunSQL.noop,
    )


def same_organization(table: str, column: str, parent: str) -> migrations.RunSQL:
    """Foreign keys look past policies; only a key that carries the organization keeps a row at home."""
    return migrations.RunSQL(
        f"""
        CREATE UNIQUE INDEX IF NOT EXISTS {parent}_home ON {parent} (organization_id, id);
        ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_home FOREIGN KEY (organization_id, {column})
            REFERENCES {parent} (organization_id, id) DEFERRABLE INITIALLY DEFERRED;
        """,
        migrations.RunSQL.noop,
    )


def open_to_system(table: str, columns: str, command: str = "SELECT") -> migrations.RunSQL:
    """Grant `almanac_system` one command on these columns, in all organizations; for the `doors` modules."""
    return _open(table, columns, command, role="almanac_system", policy="system")


def open_to_support(table: str, columns: str) -> migrations.RunSQL:
    """Grant support staff sight of these columns, in all organizations; for the Django admin."""
    return _open(table, columns, "SELECT", role="almanac_support", policy="support")


def grant_to_support(table: str, columns: str) -> migrations.RunSQL:
    """Grant support staff sight of these columns of a table that is under no policy."""
    return migrations.RunSQL(f"GRANT SELECT ({columns}) ON {table} TO almanac_support", migrations.RunSQL.noop)


def grant_to_system(table: str, columns: str) -> migrations.RunSQL:
    """Grant `almanac_system` sight of further columns of a table that is open to it."""
    return migrations.RunSQL(f"GRANT SELECT ({columns}) ON {table} TO almanac_system", migrations.RunSQL.noop)


def _open(table: str, columns: str, command: str, *, role: str, policy: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""
        CREATE POLICY {policy}_{command.lower()} ON {table} FOR {command} TO {role} USING (true);
        GRANT {command} ({columns}) ON {table} TO {role};
        """,
        migrations.RunSQL.noop,
    )

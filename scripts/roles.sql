-- The roles of Almanac, none of them a superuser. Run as a superuser; running it twice is harmless.
-- On a server, give the two that log in a password afterwards: ALTER ROLE almanac_app PASSWORD '…';

DO $$
BEGIN
    -- Owns the database and its tables: migrations, and the set-up of tests.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'almanac_owner') THEN
        CREATE ROLE almanac_owner LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS;
    END IF;
    -- Web, worker, beat and shell.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'almanac_app') THEN
        CREATE ROLE almanac_app LOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
    -- What spans organizations, by grant.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'almanac_system') THEN
        CREATE ROLE almanac_system NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
    -- What the Django admin may see, by grant.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'almanac_support') THEN
        CREATE ROLE almanac_support NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
END
$$;

-- Without INHERIT the application has these rights only while it has said SET ROLE.
GRANT almanac_system TO almanac_app WITH INHERIT FALSE, SET TRUE;
GRANT almanac_support TO almanac_app WITH INHERIT FALSE, SET TRUE;

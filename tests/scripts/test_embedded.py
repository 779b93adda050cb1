"""The services that come with the packages: they start, keep what they are told, and end."""

from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from scripts.embedded import Postgres, Redis
from scripts.problems import Problem


@pytest.fixture
def postgres(tmp_path: Path):
    server = Postgres(tmp_path, durable=False)
    yield server
    server.stop()


def test_no_role_that_logs_in_for_us_is_a_superuser_or_bypasses_policies(postgres):
    postgres.start()

    with psycopg.connect(postgres.url("almanac_app")) as connection:
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles"
            " WHERE rolname LIKE 'almanac%' ORDER BY rolname"
        ).fetchall()

    assert roles == [
        ("almanac_app", False, False, True),
        ("almanac_owner", False, False, True),
        ("almanac_support", False, False, False),
        ("almanac_system", False, False, False),
    ]


def test_the_application_has_the_rights_of_the_system_only_while_it_says_so(postgres):
    postgres.start()
    with psycopg.connect(postgres.url("almanac_owner"), autocommit=True) as owner:
        owner.execute("CREATE TABLE secret (id int)")
        owner.execute("GRANT SELECT ON secret TO almanac_system")

    with psycopg.connect(postgres.url("almanac_app"), autocommit=True) as application:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("SELECT * FROM secret")
        application.execute("SET ROLE almanac_system")
        assert application.execute("SELECT * FROM secret").fetchall() == []


def test_what_was_stored_is_there_after_a_restart_and_a_second_start_changes_no_role(postgres):
    postgres.start()
    with psycopg.connect(postgres.url("almanac_owner")) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.stop()

    postgres.start()

    with psycopg.connect(postgres.url("almanac_owner")) as owner:
        assert owner.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_stopped_server_leaves_no_process_and_no_socket(postgres):
    postgres.start()
    server = psutil.Process(postgres.process.pid)
    family = [server, *server.children()]
    sockets = postgres.socket_directory

    postgres.stop()

    assert not any(process.is_running() for process in family)
    assert not sockets.exists()


def test_a_directory_with_a_long_and_spaced_name_serves_as_well(tmp_path):
    server = Postgres(tmp_path / "a name with spaces" / ("deep" * 30), durable=False)
    server.start()
    try:
        with psycopg.connect(server.url("almanac_app")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()


def test_files_of_another_postgresql_are_named_and_left_alone(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("12\n")

    with pytest.raises(Problem, match="was made by PostgreSQL 12"):
        Postgres(tmp_path, durable=False).start()

    assert (tmp_path / "postgres" / "PG_VERSION").exists()


def test_redis_asks_for_its_password_and_keeps_it_out_of_the_process_list(tmp_path):
    server = Redis(tmp_path, durable=False)
    server.start()
    try:
        with pytest.raises(redis.exceptions.AuthenticationError):
            redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)).ping()
        assert server.password not in " ".join(psutil.Process(server.process.pid).cmdline())
    finally:
        server.stop()


def test_a_durable_redis_remembers_over_a_restart(tmp_path):
    first = Redis(tmp_path, durable=True)
    first.start()
    redis.Redis.from_url(first.url).set("job", "waiting")
    first.stop()

    second = Redis(tmp_path, durable=True, port=first.port, password=first.password)
    second.start()
    try:
        assert redis.Redis.from_url(second.url).get("job") == b"waiting"
    finally:
        second.stop()

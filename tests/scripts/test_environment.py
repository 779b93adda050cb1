"""What a start remembers of the one before."""

import stat

import pytest

from scripts import environment
from scripts.embedded import Postgres, Redis
from scripts.problems import Problem


def test_keys_are_made_once_so_that_stored_tokens_stay_readable(tmp_path):
    assert environment.kept(tmp_path) == environment.kept(tmp_path)


def test_two_directories_share_no_key(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = environment.kept(tmp_path / "one"), environment.kept(tmp_path / "two")

    assert one.secret_key != two.secret_key
    assert one.seal_key != two.seal_key


def test_keys_and_the_environment_can_be_read_by_their_owner_only(tmp_path):
    environment.kept(tmp_path)
    environment.write_environment(tmp_path, {"SECRET_KEY": "x"})

    for name in ("secrets.json", "embedded.env"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"secret_key": "x", "more": 1}'])
def test_damaged_keys_are_named_and_never_replaced(tmp_path, text):
    (tmp_path / "secrets.json").write_text(text)

    with pytest.raises(Problem, match=r"secrets\.json is damaged"):
        environment.kept(tmp_path)

    assert (tmp_path / "secrets.json").read_text() == text


def test_a_program_on_the_side_reads_what_the_start_wrote(tmp_path):
    settings = environment.environment(
        environment.kept(tmp_path),
        postgres=Postgres(tmp_path / "a place with spaces", durable=True),
        redis=Redis(tmp_path, durable=True, port=6379),
        port=8000,
        sandbox_port=8400,
    )

    environment.write_environment(tmp_path, settings)

    assert environment.read_environment(tmp_path) == settings
    assert environment.read_environment(tmp_path / "before the first start") == {}

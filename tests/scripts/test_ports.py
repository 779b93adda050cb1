"""Where `make run` listens, and what it says when it cannot."""

import socket

import pytest

from scripts import ports
from scripts.problems import Problem


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_is_its_default_unless_somebody_asks_for_another():
    free = ports.any_free()

    assert ports.wanted("PORT", None, free) == free
    assert ports.wanted("PORT", "", free) == free
    assert ports.wanted("PORT", f" {free} ", 1) == free


def test_a_taken_port_is_named_with_the_way_out(taken):
    with pytest.raises(Problem, match=rf"Port {taken} is taken.*make run SANDBOX_PORT={taken + 1}"):
        ports.wanted("SANDBOX_PORT", str(taken), 8400)


def test_a_port_that_is_taken_for_ipv6_only_is_taken_since_browsers_try_that_first():
    with socket.socket(socket.AF_INET6) as server:
        try:
            server.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        server.listen()
        assert not ports.is_free(server.getsockname()[1])


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80.5", "²"])
def test_what_is_no_port_is_said_to_be_none(text):
    with pytest.raises(Problem, match="a port is a number from 1 to 65535"):
        ports.wanted("PORT", text, 8000)

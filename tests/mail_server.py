"""A mail server on this machine, for tests: it takes mails, or behaves as it is told to."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.test import override_settings


class Mood:
    """How the server behaves: what it answers to RCPT and after DATA, and when it hangs up."""

    TAKES = "takes"
    NO_SUCH_PERSON = "550 after RCPT"
    NOT_NOW = "451 after RCPT"
    NO_SUCH_SENDER = "550 after MAIL"
    SPAM = "554 after the contents"
    FULL = "452 after the contents"
    HANGS_UP_AT_ONCE = "hangs up before it greets"
    HANGS_UP_BEFORE_DATA = "hangs up at RCPT"
    HANGS_UP_AFTER_DATA = "has the contents and hangs up without a word"
    HANGS_UP_AT_QUIT = "takes the mail and hangs up at QUIT"
    SAYS_NOTHING_AFTER_DATA = "has the contents and says nothing until it is told to go on"


class MailServer(socketserver.ThreadingTCPServer):
    """`taken`: what it has the contents of, whether or not it has said so."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mood = Mood.TAKES
        self.taken: list[bytes] = []
        self.calls = 0
        self.has_contents = threading.Event()
        self.go_on = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    server: MailServer

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        with suppress(OSError):  # the other side may go at any moment
            self.talk()

    def talk(self) -> None:  # noqa: C901, PLR0912 - one case for each word that a client says
        mood = self.server.mood
        self.server.calls += 1
        if mood == Mood.HANGS_UP_AT_ONCE:
            return
        self.say("220 mail.example")
        while line := self.rfile.readline():
            match line.split(b":")[0].strip().split(b" ")[0].upper():
                case b"EHLO" | b"HELO" | b"RSET":
                    self.say("250 mail.example")
                case b"MAIL":
                    self.say("550 not from you" if mood == Mood.NO_SUCH_SENDER else "250 well")
                case b"RCPT" if mood == Mood.NO_SUCH_PERSON:
                    self.say("550 <bob@acme.example> is nobody here")
                case b"RCPT" if mood == Mood.NOT_NOW:
                    self.say("451 come again")
                case b"RCPT" if mood == Mood.HANGS_UP_BEFORE_DATA:
                    return
                case b"RCPT":
                    self.say("250 well")
                case b"DATA":
                    self.say("354 go on")
                    if not self.take(mood):
                        return
                case b"QUIT":
                    if mood != Mood.HANGS_UP_AT_QUIT:
                        self.say("221 bye")
                    return
                case _:
                    self.say("500 what?")

    def take(self, mood: str) -> bool:
        """Read the contents and answer; whether the talk goes on."""
        contents = b""
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            contents += line
        self.server.taken.append(contents)
        self.server.has_contents.set()
        if mood == Mood.HANGS_UP_AFTER_DATA:
            return False
        if mood == Mood.SAYS_NOTHING_AFTER_DATA:
            self.server.go_on.wait(30)
        answers = {Mood.SPAM: "554 spam", Mood.FULL: "452 no room"}
        if mood in answers:
            self.server.taken.pop()
        self.say(answers.get(mood, "250 taken"))
        return True


@contextmanager
def serving() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


def settings_for(server: MailServer) -> dict[str, Any]:
    return {
        "EMAIL_BACKEND": "tenants.services.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": server.port,
        "EMAIL_TIMEOUT": 10,
    }


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A server that takes mails until it is given another mood; what is sent in the test goes there."""
    with serving() as server, override_settings(**settings_for(server)):
        yield server


def nobody_listens() -> int:
    """A port that no server is at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

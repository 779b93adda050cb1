"""
The sandbox on a port of this process, and the ways in which clients that nobody here wrote are led to it.

Clients keep Microsoft's real addresses. What carries their requests (a `requests` adapter, an `httpx` transport, an
`http_client` of MSAL) sends the two hosts of Microsoft to the sandbox, and nothing else is changed.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import requests
from requests.adapters import HTTPAdapter

from sandbox.app import create_app
from sandbox.state import Sandbox
from tests.sandbox.browser import Browser
from tests.sandbox.graph_side import ALICE
from tests.sandbox.http_side import served_at

HOSTS = ("login.microsoftonline.com", "graph.microsoft.com")

Result = TypeVar("Result")


class Microsoft:
    """A running sandbox: `url` for clients, `sandbox` for its switches."""

    def __init__(self, sandbox: Sandbox, url: str) -> None:
        self.sandbox = sandbox
        self.url = url

    def lead_here(self, session: requests.Session) -> requests.Session:
        """Carry the requests of somebody else's session; how often it tries again stays its own matter."""
        session.trust_env = False
        session.mount("https://", Adapter(self.url, max_retries=session.get_adapter("https://").max_retries))
        return session

    def session(self) -> requests.Session:
        """A session of `requests` for clients that take one."""
        return self.lead_here(requests.Session())

    def transport(self) -> "Transport":
        """A transport for clients that are built on `httpx`."""
        return Transport(self.url)

    def http_client(self) -> "HttpClient":
        """What MSAL asks of an `http_client`."""
        return HttpClient(self.session())

    def sign_in(self, address: str, auth_uri: str) -> str:
        """Go through the sign-in as a person would, and return the address that the browser is sent back to."""
        page = Browser().sign_in(auth_uri, address)
        assert page.location is not None, page.text
        return page.location

    def edit(self, op: str, *, mailbox: str = ALICE, **more: Any) -> Any:
        """Change a mailbox "in Outlook"."""
        answer = requests.post(f"{self.url}/_sandbox/edit", json={"mailbox": mailbox, "op": op, **more}, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, do: dict[str, Any], path: str, times: int = 1) -> None:
        wish = {"match": {"path": path}, "do": do, "times": times}
        assert requests.post(f"{self.url}/_sandbox/faults", json=wish, timeout=10).status_code == 200

    def asked(self) -> list[dict[str, Any]]:
        """What clients have asked of it, oldest first."""
        found: list[dict[str, Any]] = requests.get(f"{self.url}/_sandbox/requests", timeout=10).json()["requests"]
        return found


class Adapter(HTTPAdapter):
    """Sends Microsoft's hosts to the sandbox. `Host` stays what it was: links in answers are built from it."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(**options)
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        assert parts.hostname in HOSTS, f"asked for {request.url}"
        request.headers["Host"] = parts.netloc
        request.url = f"{self._url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)


class Transport(httpx.AsyncBaseTransport):
    def __init__(self, url: str) -> None:
        self._target = httpx.URL(url)
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host in HOSTS, f"asked for {request.url}"
        url = request.url.copy_with(scheme="http", host=self._target.host, port=self._target.port)
        # Another request and not this one changed: what tries again sends the one that it knows.
        led = httpx.Request(request.method, url, headers=request.headers, stream=request.stream)
        led.extensions = request.extensions
        return await self._inner.handle_async_request(led)

    async def aclose(self) -> None:
        await self._inner.aclose()


class HttpClient:
    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> requests.Response:
        return self._session.get(url, params=params, headers=headers, timeout=10)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> requests.Response:
        return self._session.post(url, params=params, data=data, headers=headers, timeout=10)

    def close(self) -> None:
        self._session.close()


@contextmanager
def serving() -> Iterator[Microsoft]:
    sandbox = Sandbox(events=0)
    with served_at(create_app(sandbox)) as url:
        sandbox.identity.public_url = url
        yield Microsoft(sandbox, url)


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """In a thread of its own: a browser test may have left an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()

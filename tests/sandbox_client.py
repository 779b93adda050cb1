"""The sandbox's control doors, as methods. It speaks HTTP to a running sandbox and imports nothing of it."""

import time
from datetime import datetime
from typing import Any

from requests import HTTPError, RequestException, Response, Session

JSON = dict[str, Any]


class SandboxClient:
    """Each method is one call of a door in `sandbox/README.md`, and raises on any answer but success."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = Session()

    def wait(self, *, within: float) -> None:
        """Return when it answers, or raise what it answered with after `within` seconds."""
        deadline = time.monotonic() + within
        while True:
            try:
                self.world()
            except RequestException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def reset(self, *, seed: int = 1, mailboxes: int | None = None, events: int = 30) -> None:
        """
        A new world, about `events` events in each default calendar; new keys, no tokens, no faults, an empty log.

        `mailboxes` counts the people who have one, Alice first; all of them where it is not given.
        """
        self._post("reset", seed=seed, mailboxes=mailboxes, events=events)

    def world(self) -> JSON:
        return self._get("world")

    def edit(self, mailbox: str, op: str, *, event: JSON | None = None, **more: Any) -> JSON:
        """Change something "in Outlook": `op` is create, update, delete, move, cancel, raw, and so on."""
        return self._post("edit", mailbox=mailbox, op=op, **({"event": event} if event is not None else {}), **more)

    def truth(self, mailbox: str, *, start: datetime, end: datetime, calendar: str | None = None) -> list[JSON]:
        """The expanded view as it really is, from `start` to `end`."""
        answer = self._get("truth", mailbox=mailbox, calendar=calendar, start=start.isoformat(), end=end.isoformat())
        events: list[JSON] = answer["value"]
        return events

    def requests(self, since: int = 0) -> list[JSON]:
        """What was asked of Graph and of the sign-in since number `since`, oldest first."""
        answer = self._get("requests", since=since)
        found: list[JSON] = answer["requests"]
        return found

    def fault(self, do: JSON, *, match: JSON | None = None, **more: Any) -> None:
        """Misbehave as `do` says, for what `match` says, `times` or at a `rate`."""
        self._post("faults", match=match or {}, do=do, **more)

    def clear_faults(self) -> None:
        self._checked(self.session.delete(f"{self.url}/_sandbox/faults", timeout=10))

    def advance(self, seconds: float) -> None:
        self._post("clock", advance=seconds)

    def tokens(self, mailbox: str, do: str) -> None:
        self._post("tokens", mailbox=mailbox, do=do)

    def consent(self, tenant: str, do: str) -> None:
        self._post("consent", tenant=tenant, do=do)

    def identity(self, do: str, **more: Any) -> None:
        """`script`, `unscript`, `rotate-keys` or `strict-refresh`."""
        self._post("identity", do=do, **more)

    def expire_delta(self, mailbox: str) -> None:
        """The next call with any link that we hold answers 410."""
        self._post("delta", mailbox=mailbox, do="expire")

    def behave(self, mailbox: str, **oddities: Any) -> None:
        """How delta behaves for a mailbox from now on: `duplicate`, `page_limit`, `lag`, and so on."""
        self._post("delta", mailbox=mailbox, do="behave", **oddities)

    def subscriptions(self) -> list[JSON]:
        """Every subscription that is alive at Microsoft."""
        found: list[JSON] = self._get("subscriptions")["subscriptions"]
        return found

    def disturb(self, mailbox: str, do: str, **more: Any) -> None:
        """`missed`, `removed`, `reauthorize`, or `drop-next`, `duplicate-next` with `times`, `delay` with `seconds`."""
        self._post("subscriptions", mailbox=mailbox, do=do, **more)

    def is_quiet(self) -> bool:
        """Whether no notification is on its way."""
        return bool(self.world()["quiet"])

    def _get(self, door: str, **query: Any) -> Any:
        return self._checked(self.session.get(f"{self.url}/_sandbox/{door}", params=query, timeout=10))

    def _post(self, door: str, **body: Any) -> Any:
        return self._checked(self.session.post(f"{self.url}/_sandbox/{door}", json=body, timeout=60))

    @staticmethod
    def _checked(response: Response) -> Any:
        if not response.ok:
            raise HTTPError(f"{response.request.url}: {response.status_code} {response.text}", response=response)
        return response.json() if response.content else None

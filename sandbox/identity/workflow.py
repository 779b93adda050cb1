"""The admin consent workflow: people ask, reviewers decide, and the app is never called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from sandbox.directory import Person
from sandbox.identity.consents import Consents
from sandbox.identity.permissions import Permission
from sandbox.registration import App

LIFETIME = timedelta(days=30)


class State(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass
class ConsentRequest:
    """One person asks the reviewers of their tenant for one app."""

    id: str
    app: App
    person: Person
    permissions: frozenset[Permission]
    reason: str
    asked_at: datetime
    decision: State | None = None
    decided_by: Person | None = None

    @property
    def ends_at(self) -> datetime:
        return self.asked_at + LIFETIME

    def state(self, now: datetime) -> State:
        if self.decision is not None:
            return self.decision
        return State.EXPIRED if now >= self.ends_at else State.PENDING


class Workflow:
    """All requests since the last reset, oldest first."""

    def __init__(self) -> None:
        self._requests: list[ConsentRequest] = []

    def ask(
        self, app: App, person: Person, permissions: frozenset[Permission], *, reason: str, now: datetime
    ) -> ConsentRequest:
        """Send a request; while one of the same person for the same app is open, that one grows instead."""
        found = self.open_request(app, person, now)
        if found is not None:
            found.permissions |= permissions
            return found
        sent = ConsentRequest(str(uuid4()), app, person, permissions, reason, now)
        self._requests.append(sent)
        return sent

    def open_request(self, app: App, person: Person, now: datetime) -> ConsentRequest | None:
        return next(
            (
                one
                for one in self.of_tenant(person.tenant_id)
                if one.app.client_id == app.client_id
                and one.person.oid == person.oid
                and one.state(now) is State.PENDING
            ),
            None,
        )

    def of_tenant(self, tenant_id: str) -> list[ConsentRequest]:
        return [one for one in self._requests if one.person.tenant_id == tenant_id]

    def find(self, request_id: str) -> ConsentRequest | None:
        return next((one for one in self._requests if one.id == request_id), None)

    def decide(
        self, asked: ConsentRequest, *, approve: bool, consents: Consents, now: datetime, by: Person | None = None
    ) -> None:
        """
        Say yes, for everybody in the tenant, or no.

        Raises:
            ValueError: the request is no longer open.
        """
        if asked.state(now) is not State.PENDING:
            raise ValueError(f"The request is {asked.state(now)}.")
        if approve:
            consents.grant_for_tenant(asked.app, asked.person.tenant_id, asked.permissions)
        asked.decision = State.APPROVED if approve else State.DENIED
        asked.decided_by = by

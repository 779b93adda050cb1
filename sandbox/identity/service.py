"""The identity platform of one sandbox: its state, its switches, and the tokens it gives out."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock

from sandbox import tokens
from sandbox.clock import Clock
from sandbox.directory import ALMANAC_ID, App, ConsentPolicy, Directory, Person, Tenant
from sandbox.identity import permissions
from sandbox.identity.aadsts import FAULTS, Fault, Where
from sandbox.identity.access import Access, InvalidToken
from sandbox.identity.browsers import Attempts, Sessions
from sandbox.identity.consents import Consents
from sandbox.identity.requests import ApprovalRequest, SignInRequest
from sandbox.identity.vault import AccessToken, Vault

PUBLIC_URL = "http://127.0.0.1:8400"
CAE = "cp1"
_SWEEP_EVERY = 500


@dataclass
class Script:
    """The refusal that somebody meets, for ever or a number of times."""

    number: int
    times: int | None


class Identity:
    """
    All of it hangs on `directory` and `clock`; `public_url` is the address at which browsers find the
    sandbox, `seed` decides the lifetimes of tokens. What Graph and the control doors call takes `lock` by
    itself; the views hold it for as long as they run.

    Switches: `strict_refresh` makes a refresh token good for one use.
    """

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        *,
        public_url: str = PUBLIC_URL,
        lock: RLock | None = None,
        seed: int = 1,
    ) -> None:
        self.clock = clock
        self.public_url = public_url.rstrip("/")
        self.lock = lock or RLock()
        self.keys = tokens.KeyRing()
        self._begin(directory, seed)

    def reset(self, *, seed: int = 1, directory: Directory | None = None) -> None:
        """Forget every session, token, consent and switch."""
        with self.lock:
            self.keys.reset()
            self._begin(directory or self.directory, seed)

    def _begin(self, directory: Directory, seed: int) -> None:
        self.directory = directory
        self.consents = Consents(directory)
        self.vault = Vault()
        self.sessions = Sessions()
        self.sign_ins: Attempts[SignInRequest] = Attempts()
        self.approvals: Attempts[ApprovalRequest] = Attempts()
        self.strict_refresh = False
        self._scripts: dict[str, Script] = {}
        self._random = random.Random(seed)

    # For Graph

    def authenticate(self, authorization: str | None) -> Access:
        """
        Tell who calls, from the `Authorization` header.

        Raises:
            InvalidToken: there is none, or it is unknown, expired, revoked, or meant for another resource.
        """
        scheme, _, value = (authorization or "").partition(" ")
        value = value.strip()
        if scheme.lower() != "bearer" or not value:
            raise InvalidToken("Access token is empty.")
        with self.lock:
            # A token that we keep is one that we signed, letter for letter: stronger than its signature.
            token = self.vault.access_tokens.get(value)
            now = self.clock.now()
        if token is None:
            raise InvalidToken("Access token validation failure. The token is malformed or was not issued here.")
        if token.revoked:
            raise self._revoked(token, now)
        if now >= token.expires_at:
            raise InvalidToken("Lifetime validation failed, the token is expired.")
        if token.resource != permissions.GRAPH:
            raise InvalidToken("Access token validation failure. Invalid audience.")
        return Access(token.person, token.app.client_id, token.scopes, token.expires_at, token.tenant_id)

    def _revoked(self, token: AccessToken, now: datetime) -> InvalidToken:
        if CAE not in token.capabilities:
            return InvalidToken("Access token validation failure. The token has been revoked.")
        wanted = {"access_token": {"nbf": {"essential": True, "value": str(int(now.timestamp()))}}}
        return InvalidToken(
            "Continuous access evaluation resulted in a challenge: the token is older than a revocation.",
            claims=json.dumps(wanted, separators=(",", ":")),
        )

    def token_end(self, app_id: str, person: Person | None, tenant_id: str) -> datetime | None:
        """When the last token of an app for Graph ends: a person's, or (null) its own in a tenant."""
        with self.lock:
            return self.vault.last_end(app_id, person, tenant_id, permissions.GRAPH)

    # Giving out

    def issue_access_token(
        self,
        person: Person | None,
        scopes: Iterable[str] = ("Calendars.ReadWrite", "User.Read"),
        *,
        lifetime: timedelta | None = None,
        tenant_id: str | None = None,
        app: App | None = None,
        resource: str = permissions.GRAPH,
        capabilities: frozenset[str] = frozenset(),
    ) -> str:
        """
        An access token that `authenticate` will take, whether or not anybody has consented.

        `person` None makes one for the app itself, with `scopes` as its roles in `tenant_id`. Without
        `lifetime` it lives as long as the platform fancies (`random_lifetime`).

        Raises:
            ValueError: neither a person nor a tenant was named.
        """
        tenant = person.tenant_id if person is not None else tenant_id
        if tenant is None:
            raise ValueError("A token for the app itself needs a tenant.")
        app = app or self.almanac
        ordered = tuple(scopes)
        with self.lock:
            now = self.clock.now()
            expires_at = now + (lifetime or self.random_lifetime(capabilities))
            value = tokens.access_token(
                self.keys,
                person=person,
                tenant_id=tenant,
                app=app,
                resource=resource,
                scopes=ordered,
                now=now,
                expires_at=expires_at,
                capabilities=capabilities,
            )
            self.vault.keep_access(
                AccessToken(value, app, person, tenant, resource, frozenset(ordered), expires_at, capabilities)
            )
            if len(self.vault.access_tokens) % _SWEEP_EVERY == 0:
                self.vault.forget_dead_access_tokens(now - timedelta(days=1))
        return value

    def random_lifetime(self, capabilities: frozenset[str] = frozenset()) -> timedelta:
        """60 to 90 minutes; 20 to 28 hours for a client that can be told of a revocation."""
        low, high = (20 * 3600, 28 * 3600) if CAE in capabilities else (3600, 5400)
        return timedelta(seconds=self._random.randint(low, high))

    @property
    def almanac(self) -> App:
        app = self.directory.find_app(ALMANAC_ID)
        if app is None:
            raise LookupError("This directory has no Almanac.")
        return app

    # Switches

    def set_tokens(self, mailbox: str, do: str) -> None:
        """
        Spoil what `mailbox` (an address or object id) has been given.

        `expire-access` and `expire-refresh` make tokens as old as they can be; `revoke` ends the
        person's sessions: refresh tokens answer 50173, access tokens stop at once.

        Raises:
            LookupError: nobody has that address.
            ValueError: another word.
        """
        person = self.person(mailbox)
        with self.lock:
            match do:
                case "expire-access":
                    self.vault.expire_access(person, self.clock.now())
                case "expire-refresh":
                    self.vault.expire_refresh(person)
                case "revoke":
                    self.vault.revoke(person)
                case _:
                    raise ValueError(f"Not a thing to do with tokens: {do!r}")

    def set_consent(self, tenant: str, do: str) -> None:
        """
        Change what a tenant (id or domain) has agreed to, as its administrator would.

        `grant` approves the whole registered list for everybody, `withdraw` removes every grant,
        `restrict` lets only administrators consent, `allow` lets everybody.

        Raises:
            LookupError: there is no such tenant.
            ValueError: another word.
        """
        found = self.tenant(tenant)
        with self.lock:
            match do:
                case "grant":
                    self.consents.grant_everything(self.almanac, found)
                case "withdraw":
                    self.consents.withdraw(found, self.directory)
                case "restrict":
                    self.consents.set_policy(found, ConsentPolicy.ADMINISTRATORS)
                case "allow":
                    self.consents.set_policy(found, ConsentPolicy.USERS)
                case _:
                    raise ValueError(f"Not a thing to do with consent: {do!r}")

    def script(self, who: str, number: int, times: int | None = None) -> None:
        """
        Let a person (address, object id) or a whole tenant (id, domain) meet AADSTS `number`.

        It shows where that number shows itself: on a page or redirect of the sign-in, or at the token
        endpoint. With `times` it is over after so many meetings.

        Raises:
            LookupError: nobody and no tenant is called so.
            ValueError: the number is not one that the sandbox can say.
        """
        if number not in FAULTS:
            raise ValueError(f"AADSTS{number} is not among the refusals of the sandbox.")
        with self.lock:
            self._scripts[self._script_key(who)] = Script(number, times)

    def unscript(self, who: str) -> None:
        with self.lock:
            self._scripts.pop(self._script_key(who), None)

    def rotate_keys(self, *, forget_former: bool = False) -> None:
        """Sign with new keys from now on; the former stay published unless `forget_former`."""
        with self.lock:
            self.keys.rotate(forget_former=forget_former)

    def trouble(self, person: Person, where: Where) -> Fault | None:
        """The refusal that this person meets at one of these places, used up by one meeting."""
        for key in (person.oid, person.tenant_id):
            script = self._scripts.get(key)
            if script is None or not FAULTS[script.number].where & where:
                continue
            if script.times is not None:
                script.times -= 1
                if script.times <= 0:
                    del self._scripts[key]
            return FAULTS[script.number]
        if person.trouble is not None and FAULTS[person.trouble].where & where:
            return FAULTS[person.trouble]
        return None

    def person(self, address_or_oid: str) -> Person:
        person = self.directory.find_person(address_or_oid)
        if person is None:
            raise LookupError(f"Nobody here is {address_or_oid!r}.")
        return person

    def tenant(self, id_or_domain: str) -> Tenant:
        tenant = self.directory.find_tenant(id_or_domain)
        if tenant is None:
            raise LookupError(f"No tenant here is {id_or_domain!r}.")
        return tenant

    def _script_key(self, who: str) -> str:
        tenant = self.directory.find_tenant(who)
        return tenant.id if tenant is not None else self.person(who).oid

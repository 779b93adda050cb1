"""The identity platform of one sandbox: its state, its switches, and the tokens it gives out."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import RLock

from sandbox import tokens
from sandbox.clock import Clock
from sandbox.directory import ALMANAC_ID, ConsentPolicy, Directory, Person, Tenant
from sandbox.identity import permissions
from sandbox.identity.access import Access, InvalidToken
from sandbox.identity.assertions import SeenAssertions
from sandbox.identity.browsers import Attempts, Sessions
from sandbox.identity.consents import Consents
from sandbox.identity.numbers import FAULTS, SECOND_FACTOR, Fault, Where
from sandbox.identity.registrations import Registrations
from sandbox.identity.requests import ApprovalRequest, SignInRequest
from sandbox.identity.scripts import Script, Scripts
from sandbox.identity.throttle import Throttle
from sandbox.identity.vault import AccessToken, Vault
from sandbox.identity.whims import Whims
from sandbox.identity.workflow import Workflow
from sandbox.registration import App

PUBLIC_URL = "http://127.0.0.1:8400"
CAE = "cp1"
_SWEEP_EVERY = 500
# The words of `set_consent` that set who may consent, or switch something of a tenant on and off.
_POLICIES = {
    "restrict": ConsentPolicy.RECOMMENDED,
    "allow": ConsentPolicy.USERS,
    **{policy.value: policy for policy in (ConsentPolicy.LOW_RISK, ConsentPolicy.RECOMMENDED)},
    "administrators": ConsentPolicy.ADMINISTRATORS,
}
_SWITCHES = {
    "requests-on": ("takes_requests", True),
    "requests-off": ("takes_requests", False),
    "step-up-on": ("stops_risk", True),
    "step-up-off": ("stops_risk", False),
}


class UnknownName(LookupError):
    """Nobody and nothing in the directory is called so; the sentence says what was looked for."""


class Identity:
    """
    All of it hangs on `directory` and `clock`; `public_url` is the address at which browsers find the
    sandbox, `seed` decides the lifetimes of tokens. What Graph and the control doors call takes `lock` by
    itself; the views hold it for as long as they run.

    Switches: `strict_refresh` makes a refresh token good for one use; `scripts` are refusals on request,
    `whims` odd answers, `throttle` holds the limits.
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
        """Forget every session, token, consent, switch, and app that was registered at run time."""
        with self.lock:
            self.keys.reset()
            self._begin(directory or self.directory, seed)

    def _begin(self, directory: Directory, seed: int) -> None:
        self.directory = directory
        self.apps = Registrations()
        self.consents = Consents(directory)
        self.workflow = Workflow()
        self.vault = Vault()
        self.assertions = SeenAssertions()
        self.sessions = Sessions()
        self.sign_ins: Attempts[SignInRequest] = Attempts()
        self.approvals: Attempts[ApprovalRequest] = Attempts()
        self.inboxes: Attempts[Tenant] = Attempts()
        self.strict_refresh = False
        self.scripts = Scripts()
        self.whims = Whims()
        self.throttle = Throttle()
        self._second_factor: dict[str, bool] = {}
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
        second_factor: bool = False,
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
                second_factor=second_factor,
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
        return self.app(ALMANAC_ID)

    # Switches

    def set_tokens(self, mailbox: str, do: str) -> None:
        """
        Spoil what `mailbox` (an address or object id) has been given.

        `expire-access` and `expire-refresh` make tokens as old as they can be; `challenge` stops access
        tokens before their time, as a change of policy does; `revoke` ends the person's sessions:
        refresh tokens answer 50173, access tokens stop at once.

        Raises:
            UnknownName: nobody has that address.
            ValueError: another word.
        """
        person = self.person(mailbox)
        with self.lock:
            match do:
                case "expire-access":
                    self.vault.expire_access(person, self.clock.now())
                case "expire-refresh":
                    self.vault.expire_refresh(person)
                case "challenge":
                    self.vault.challenge(person)
                case "revoke":
                    self.vault.revoke(person)
                case _:
                    known = "expire-access, expire-refresh, challenge, revoke"
                    raise ValueError(f"Not a thing to do with tokens: {do!r}. These are: {known}.")

    def set_consent(
        self, tenant: str, do: str, *, client_id: str = ALMANAC_ID, low: Iterable[str] | None = None
    ) -> None:
        """
        Change what a tenant (id or domain) has agreed to, as its administrator would.

        `grant` approves the whole registered list of an app for everybody, `withdraw` removes every grant,
        `forget` the apps themselves too.

        Who may consent: `allow` lets everybody, `low-risk` what is classified `low` for verified
        publishers, `restrict` (or `recommended`) what Microsoft finds harmless, `administrators` nobody
        else at all. `requests-on` shows them a form to ask with; `step-up-on` sends what looks risky to an
        administrator, whatever the policy says. Both have an `-off`.

        Raises:
            UnknownName: there is no such tenant or app.
            ValueError: another word.
        """
        found = self.tenant(tenant)
        with self.lock:
            policy = self.consents.policy(found)
            if do == "grant":
                self.consents.grant_everything(self.app(client_id), found)
            elif do == "withdraw":
                self.consents.withdraw(found, self.directory)
            elif do == "forget":
                self.consents.forget(found, self.directory)
            elif do in _POLICIES:
                policy.users = _POLICIES[do]
            elif do in _SWITCHES:
                setattr(policy, *_SWITCHES[do])
            else:
                known = ", ".join(("grant", "withdraw", "forget", *_POLICIES, *_SWITCHES))
                raise ValueError(f"Not a thing to do with consent: {do!r}. These are: {known}.")
            if low is not None:
                policy.low = frozenset(low)

    def script(
        self,
        who: str,
        number: int,
        times: int | None = None,
        *,
        where: str | None = None,
        error: str | None = None,
        suberror: str | None = None,
    ) -> None:
        """
        Let a person (address, object id), a tenant (id, domain) or an app (client id) meet AADSTS `number`.

        It shows where that number shows itself: on a page or redirect of the sign-in, at the token
        endpoint, or in the metadata. With `times` it is over after so many meetings. See `Script.of`.

        Raises:
            UnknownName: nobody, no tenant and no app is called so.
            ValueError: the sandbox cannot say that.
        """
        script = Script.of(number, times=times, where=where, error=error, suberror=suberror)
        with self.lock:
            self.scripts.put(self.key_of(who), script)

    def unscript(self, who: str) -> None:
        with self.lock:
            self.scripts.take_back(self.key_of(who))

    def require_second_factor(self, who: str, *, on: bool = True) -> None:
        """
        Whether a person, or everybody in a tenant, has to show a second factor from now on.

        Raises:
            UnknownName: neither is called so.
        """
        with self.lock:
            tenant = self.directory.find_tenant(who)
            self._second_factor[tenant.id if tenant is not None else self.person(who).oid] = on

    def rotate_keys(self, *, forget_former: bool = False) -> None:
        """Sign with new keys from now on; the former stay published unless `forget_former`."""
        with self.lock:
            self.keys.rotate(forget_former=forget_former)

    def needs_second_factor(self, person: Person) -> bool:
        found = (self._second_factor.get(key) for key in _keys_of(person))
        return next((is_on for is_on in found if is_on is not None), person.needs_second_factor)

    def second_factor_shown(self, person: Person) -> None:
        """What was scripted for this person and waited for a second factor is over."""
        self.scripts.cure((person.oid, person.home_oid), SECOND_FACTOR)

    def trouble(self, person: Person, app: App, where: Where) -> Fault | None:
        """The refusal that this person meets with the app at one of these places, used up by one meeting."""
        scripted = self.scripts.meets(self.keys_of(person, app), where)
        if scripted is not None:
            return scripted
        if person.trouble is not None and FAULTS[person.trouble].where & where:
            return FAULTS[person.trouble]
        return None

    # Look-ups

    # All of them raise `UnknownName`.

    def person(self, address_or_oid: str) -> Person:
        person = self.directory.find_person(address_or_oid)
        if person is None:
            raise UnknownName(f"Nobody here is {address_or_oid!r}.")
        return person

    def tenant(self, id_or_domain: str) -> Tenant:
        tenant = self.directory.find_tenant(id_or_domain)
        if tenant is None:
            raise UnknownName(f"No tenant here is {id_or_domain!r}.")
        return tenant

    def app(self, client_id: str) -> App:
        app = self.apps.find(client_id)
        if app is None:
            raise UnknownName(f"No app here is {client_id!r}.")
        return app

    @staticmethod
    def keys_of(person: Person, app: App) -> tuple[str, ...]:
        """Under which keys switches concern a request, the nearest first."""
        return (*_keys_of(person), app.client_id)

    def key_of(self, who: str) -> str:
        """
        Under which key switches keep a person, a tenant or an app.

        Raises:
            UnknownName: nobody and nothing is called so.
        """
        if (tenant := self.directory.find_tenant(who)) is not None:
            return tenant.id
        if (app := self.apps.find(who)) is not None:
            return app.client_id
        return self.person(who).oid


def _keys_of(person: Person) -> tuple[str, ...]:
    """The nearest first: who they are here, who they are at home, and where they are."""
    return tuple(dict.fromkeys((person.oid, person.home_oid, person.tenant_id)))

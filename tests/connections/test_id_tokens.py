"""An id_token passes if Microsoft signed it for us, for this sign-in, now, with a key for that tenant; nothing else."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connections.id_tokens import BadIdToken, KeyRing, KeysUnavailable, label, verify

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLIENT = "8f1c2f0e-6a43-4a57-9d0b-3c5de8a1a7c4"
ISSUER = "https://login.microsoftonline.com/{tenantid}/v2.0"
CONTOSO = "3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001"
NORTHWIND = "5e82b9d4-0a6f-4c17-b3d9-72c1f4a8d003"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
OID = "a11ce000-1b52-4c0d-8d5e-0c1f3a7be001"
NONCE = "the nonce as it went over the wire"


def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


WORK, PERSONALS, STRANGERS = private_key(), private_key(), private_key()


def jwk(key: rsa.RSAPrivateKey, kid: str, issuer: str) -> dict[str, Any]:
    public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"kid": kid, "use": "sig", "issuer": issuer, **public}


DOCUMENT: Mapping[str, Any] = {
    "keys": [
        jwk(WORK, "work", ISSUER),
        jwk(PERSONALS, "personal", ISSUER.replace("{tenantid}", PERSONAL)),
        {"kid": "no issuer", **jwk(WORK, "no issuer", ""), "issuer": ""},
        {"kty": "EC", "kid": "elliptic"},
    ]
}


def claims(**changes: Any) -> dict[str, Any]:
    """Good ones; a claim given as None is left out."""
    good = {
        "ver": "2.0",
        "iss": ISSUER.replace("{tenantid}", CONTOSO),
        "aud": CLIENT,
        "sub": "only for this app",
        "tid": CONTOSO,
        "oid": OID,
        "iat": int(NOW.timestamp()),
        "nbf": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(hours=1)).timestamp()),
        "nonce": NONCE,
        "preferred_username": "alice.moreau@contoso.example",
        "name": "Alice Moreau",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(key: Any = WORK, kid: str | None = "work", algorithm: str = "RS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def check(raw: str, *, now: datetime = NOW, nonce: str = NONCE) -> Any:
    return verify(raw, KeyRing(lambda: DOCUMENT), client_id=CLIENT, issuer=ISSUER, nonce=nonce, now=now)


GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
ORDINARY_MEMBER = "b79fbf4d-3ef9-4689-8143-76b194e85509"


@pytest.mark.parametrize(
    ("wids", "may_approve"),
    [
        ([GLOBAL_ADMINISTRATOR], True),
        ([ORDINARY_MEMBER, GLOBAL_ADMINISTRATOR.upper()], True),
        (["9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"], True),
        (["158c047a-c907-4556-b7ef-446551a6b5f7"], True),
        (["e8611ab8-c189-46e8-94e1-60213ab1f814"], True),
        ([ORDINARY_MEMBER], False),
        ([], False),
        (None, False),
        (GLOBAL_ADMINISTRATOR, False),
        ({GLOBAL_ADMINISTRATOR: True}, False),
        ([[GLOBAL_ADMINISTRATOR], 1, None, f" {GLOBAL_ADMINISTRATOR}", "Global Administrator"], False),
        ([ORDINARY_MEMBER] * 200 + [GLOBAL_ADMINISTRATOR], False),
    ],
)
def test_only_directory_roles_of_the_right_shape_make_an_administrator(wids: object, may_approve: bool) -> None:
    assert check(token(wids=wids)).may_approve_apps is may_approve


def test_a_good_token_says_who_signed_in() -> None:
    found = check(token())
    assert (str(found.tid), str(found.oid)) == (CONTOSO, OID)
    assert (found.address, found.name) == ("alice.moreau@contoso.example", "Alice Moreau")
    assert not found.is_personal


def test_a_personal_account_passes_with_the_key_of_personal_accounts() -> None:
    raw = token(PERSONALS, "personal", tid=PERSONAL, iss=ISSUER.replace("{tenantid}", PERSONAL))
    assert check(raw).is_personal


def unsigned() -> str:
    parts = [orjson.dumps({"alg": "none", "typ": "JWT", "kid": "work"}), orjson.dumps(claims())]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def signed_with_the_public_key() -> str:
    """By hand: PyJWT itself refuses to sign with what looks like a public key."""
    public = WORK.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [orjson.dumps({"alg": "HS256", "typ": "JWT", "kid": "work"}), orjson.dumps(claims())]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(public, signed, "sha256")).rstrip(b"=")
    return b".".join([signed, signature]).decode()


def swapped_payload() -> str:
    head, _, signature = token().split(".")
    return ".".join([head, token(oid="b0b17000-2c63-4d1e-9e6f-1d204b8cf002").split(".")[1], signature])


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(token(STRANGERS), id="signed by a stranger under our key's id"),
        pytest.param(token(STRANGERS, "stranger"), id="a key that Microsoft does not have"),
        pytest.param(token(WORK, None), id="no key id"),
        pytest.param(token(WORK, "elliptic"), id="a key of another kind"),
        pytest.param(token(WORK, "no issuer"), id="a key without an issuer"),
        pytest.param(swapped_payload(), id="claims of another token"),
        pytest.param(unsigned(), id="alg none"),
        pytest.param(signed_with_the_public_key(), id="HS256 with the public key as secret"),
        pytest.param(token(algorithm="RS512"), id="another algorithm"),
        pytest.param(token(aud="11111111-2222-3333-4444-555555555555"), id="for another app"),
        pytest.param(token(aud=[CLIENT, "another"]), id="for us and another app"),
        pytest.param(token(aud=None), id="for nobody"),
        pytest.param(token(iss=ISSUER.replace("{tenantid}", NORTHWIND)), id="issuer of another tenant"),
        pytest.param(token(iss=f"https://sts.windows.net/{CONTOSO}/"), id="issuer of version 1"),
        pytest.param(token(iss=f"https://login.microsoftonline.com/{CONTOSO}/v2.0/more"), id="issuer with a tail"),
        pytest.param(token(iss=f"https://evil.example/{CONTOSO}/v2.0"), id="issuer elsewhere"),
        pytest.param(token(iss=ISSUER), id="issuer as a template"),
        pytest.param(token(iss=None), id="no issuer"),
        pytest.param(token(PERSONALS, "personal"), id="the key of personal accounts for a company's tenant"),
        pytest.param(
            token(tid=PERSONAL, iss=ISSUER.replace("{tenantid}", NORTHWIND)), id="tenant and issuer that differ"
        ),
        pytest.param(token(tid="contoso.example"), id="tenant is no GUID"),
        pytest.param(token(tid=CONTOSO + "\n"), id="tenant with a line end"),
        pytest.param(token(tid=None), id="no tenant"),
        pytest.param(token(oid=None), id="no object id"),
        pytest.param(token(oid=7), id="object id is a number"),
        pytest.param(token(ver="1.0"), id="version 1"),
        pytest.param(token(ver=None), id="no version"),
        pytest.param(token(nonce=None), id="no nonce"),
        pytest.param(token(nonce="of another sign-in"), id="another nonce"),
        pytest.param(token(nonce=[NONCE]), id="nonce is a list"),
        pytest.param(token(exp=int((NOW - timedelta(minutes=3)).timestamp())), id="expired"),
        pytest.param(token(exp=None), id="never expires"),
        pytest.param(token(exp=True), id="expires at true"),
        pytest.param(token(nbf=int((NOW + timedelta(minutes=3)).timestamp())), id="not yet valid"),
        pytest.param(token(nbf=None), id="valid since nobody knows when"),
        pytest.param("", id="empty"),
        pytest.param("not a token", id="no token at all"),
        pytest.param("a.b.c", id="three parts of nothing"),
        pytest.param("é" * 50, id="not even ASCII"),
    ],
)
def test_this_token_is_refused(raw: str) -> None:
    with pytest.raises(BadIdToken):
        check(raw)


def test_an_expired_nonce_of_ours_is_compared_not_trusted() -> None:
    with pytest.raises(BadIdToken):
        check(token(), nonce="")


def test_clocks_may_differ_by_two_minutes() -> None:
    check(token(), now=NOW - timedelta(seconds=119))
    check(token(), now=NOW + timedelta(hours=1, seconds=119))


def test_a_refusal_quotes_nothing_of_the_token() -> None:
    with pytest.raises(BadIdToken) as caught:
        check(token(nonce="other"))
    assert "Alice" not in str(caught.value)
    assert "other" not in str(caught.value)


def test_a_label_is_one_bounded_line_that_the_database_takes() -> None:
    assert label("Al\x00ice\n Mo\ud800reau\u202e " + "x" * 500, 20) == "Al ice Mo reau xxxxx"
    assert label(None, 20) == label(["Alice"], 20) == ""


# --- keys -----------------------------------------------------------------------------------------------------------


class Keys:
    """A key document that counts how often it is asked for, and may be down."""

    def __init__(self, *kids: str) -> None:
        self.kids = list(kids)
        self.asked = 0
        self.is_down = False

    def __call__(self) -> Mapping[str, Any]:
        self.asked += 1
        if self.is_down:
            raise KeysUnavailable("down")
        return {"keys": [jwk(WORK, kid, ISSUER) for kid in self.kids]}


def test_keys_are_asked_for_once_a_day() -> None:
    keys = Keys("one")
    ring = KeyRing(keys)
    for minutes in (0, 10, 23 * 60):
        ring.find("one", now=NOW + timedelta(minutes=minutes))
    assert keys.asked == 1
    ring.find("one", now=NOW + timedelta(hours=24))
    assert keys.asked == 2


def test_an_unknown_key_is_asked_for_at_once_but_at_most_every_five_minutes() -> None:
    keys = Keys("one")
    ring = KeyRing(keys)
    ring.find("one", now=NOW)
    keys.kids.append("two")

    with pytest.raises(BadIdToken):
        ring.find("two", now=NOW + timedelta(minutes=4))
    assert keys.asked == 1

    ring.find("two", now=NOW + timedelta(minutes=5))
    for _ in range(10):
        with pytest.raises(BadIdToken):
            ring.find("made up", now=NOW + timedelta(minutes=6))
    assert keys.asked == 2


def test_the_former_keys_stay_when_microsoft_is_down() -> None:
    keys = Keys("one")
    ring = KeyRing(keys)
    ring.find("one", now=NOW)
    keys.is_down = True

    assert ring.find("one", now=NOW + timedelta(hours=25))["kid"] == "one"


def test_without_any_key_it_is_microsoft_that_is_down_and_not_the_token_that_is_bad() -> None:
    keys = Keys()
    keys.is_down = True
    with pytest.raises(KeysUnavailable):
        KeyRing(keys).find("one", now=NOW)

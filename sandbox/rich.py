"""Notifications with resource data: what of an event they hold, and how that is encrypted for one receiver."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from sandbox.render import NAMES

SMALLEST_KEY, LARGEST_KEY = 2048, 4096
_GRAPH = "microsoft.graph."

# The types of members as annotations name them. Texts, numbers and booleans speak for themselves; a nested
# table is that of a complex type, a list the type of the members of a collection.
_Types = dict[str, Any]
_TIME = "DateTimeOffset"
_PLACE: _Types = {
    "@": "location", "locationType": "locationType", "uniqueIdType": "locationUniqueIdType",
    "address": {"@": "physicalAddress"}, "coordinates": {"@": "outlookGeoCoordinates"},
}  # fmt: skip
_ANSWER: _Types = {"@": "responseStatus", "response": "responseType", "time": _TIME}
_MOMENT: _Types = {"@": "dateTimeTimeZone"}
_ADDRESS: _Types = {"@": "emailAddress"}
_EVENT: _Types = {
    "createdDateTime": _TIME,
    "lastModifiedDateTime": _TIME,
    "originalStart": _TIME,
    "importance": "importance",
    "sensitivity": "sensitivity",
    "showAs": "freeBusyStatus",
    "type": "eventType",
    "onlineMeetingProvider": "onlineMeetingProviderType",
    "start": _MOMENT,
    "end": _MOMENT,
    "location": _PLACE,
    "locations": [_PLACE],
    "responseStatus": _ANSWER,
    "organizer": {"@": "recipient", "emailAddress": _ADDRESS},
    "attendees": [{
        "@": "attendee", "type": "attendeeType", "status": _ANSWER, "emailAddress": _ADDRESS,
        "proposedNewTime": {"@": "timeSlot", "start": _MOMENT, "end": _MOMENT},
    }],
    "categories": ["String"],
    "recurrence": {
        "@": "patternedRecurrence",
        "pattern": {
            "@": "recurrencePattern", "type": "recurrencePatternType", "firstDayOfWeek": "dayOfWeek",
            "index": "weekIndex", "daysOfWeek": ["dayOfWeek"],
        },
        "range": {"@": "recurrenceRange", "type": "recurrenceRangeType", "startDate": "Date", "endDate": "Date"},
    },
    "onlineMeeting": {
        "@": "onlineMeetingInfo", "tollFreeNumbers": ["String"], "phones": [{"@": "phone", "type": "phoneType"}],
    },
}  # fmt: skip
# In lower case: what may be selected. Bodies are too large to be sent.
SELECTABLE = NAMES - {"body", "cancelledoccurrences"}
BODIES = frozenset({"body", "uniquebody"})
_NAMELESS = frozenset({_TIME, "Date", "String"})


class UnusableCertificate(ValueError):
    """Nothing can be encrypted for it; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The public half of a receiver's key, and what the receiver calls it. `text` is as it was given."""

    id: str
    text: str
    thumbprint: str
    key: rsa.RSAPublicKey


def read_certificate(text: str, id_: str) -> Certificate:
    """
    Raises:
        UnusableCertificate: it is not the base64 of an X.509 certificate with an RSA key of 2048 to 4096 bits.
    """
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
    except (binascii.Error, ValueError) as error:
        raise UnusableCertificate("The encryptionCertificate is not a base64-encoded X.509 certificate.") from error
    if not isinstance(key, rsa.RSAPublicKey) or not SMALLEST_KEY <= key.key_size <= LARGEST_KEY:
        raise UnusableCertificate(
            f"The encryptionCertificate needs an RSA key of {SMALLEST_KEY} to {LARGEST_KEY} bits."
        )
    thumbprint = hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()
    return Certificate(id_, text, thumbprint, key)


def content(shown: dict[str, Any], select: Sequence[str]) -> dict[str, Any]:
    """The selected members of an event as Graph shows it, with the types of those that need one."""
    chosen = {name: value for name, value in shown.items() if name.lower() in select}
    return _annotated(chosen, _EVENT)


def _annotated(members: dict[str, Any], types: _Types) -> dict[str, Any]:
    found: dict[str, Any] = {"@odata.type": f"#{_GRAPH}{types['@']}"} if "@" in types else {}
    for name, value in members.items():
        kind = types.get(name)
        match value:
            case list() if isinstance(kind, list):
                found[f"{name}@odata.type"] = f"#Collection({_named(kind[0])})"
                found[name] = [_annotated(each, kind[0]) if isinstance(kind[0], dict) else each for each in value]
            case dict() if isinstance(kind, dict):
                found[name] = _annotated(value, kind)
            case str() if isinstance(kind, str):
                found[f"{name}@odata.type"] = f"#{_named(kind)}"
                found[name] = value
            case _:
                found[name] = value
    return found


def _named(kind: str | _Types) -> str:
    name = str(kind["@"]) if isinstance(kind, dict) else kind
    return name if name in _NAMELESS else _GRAPH + name


def encrypt(members: dict[str, Any], certificate: Certificate) -> dict[str, str]:
    """The `encryptedContent` of one item, with a key of its own that only the receiver can read."""
    key = secrets.token_bytes(32)
    padder = padding.PKCS7(AES.block_size).padder()
    # Escaped to ASCII: what is shown verbatim may hold half a surrogate pair.
    padded = padder.update(json.dumps(members).encode("ascii")) + padder.finalize()
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    data = encryptor.update(padded) + encryptor.finalize()
    # The documentation says OAEP and no more; its samples use what .NET takes by default.
    scheme = OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - the receiver expects it
    return {
        "data": _text(data),
        "dataKey": _text(certificate.key.encrypt(key, scheme)),
        "dataSignature": _text(hmac.digest(key, data, "sha256")),
        "encryptionCertificateId": certificate.id,
        "encryptionCertificateThumbprint": certificate.thumbprint,
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()

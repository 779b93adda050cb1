"""Somebody who gets notifications with resource data, and can read them."""

import base64
import hashlib
import hmac
import json
from functools import cache

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.certificates import certificate_of
from tests.sandbox.graph_side import JSON

# What .NET, and so the publisher, takes for OAEP.
SCHEME = OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303


class Receiver:
    """A key pair with its self-signed certificate."""

    def __init__(self, bits: int = 2048) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        self.certificate = certified(self.key)
        self.thumbprint = hashlib.sha1(base64.b64decode(self.certificate), usedforsecurity=False).hexdigest().upper()

    def read(self, item: JSON) -> JSON:
        sealed = item["encryptedContent"]
        key = self.key.decrypt(base64.b64decode(sealed["dataKey"]), SCHEME)
        data = base64.b64decode(sealed["data"])
        signature = base64.b64decode(sealed["dataSignature"])
        assert hmac.compare_digest(hmac.new(key, data, hashlib.sha256).digest(), signature)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        padded = decryptor.update(data) + decryptor.finalize()
        found: JSON = json.loads(unpadder.update(padded) + unpadder.finalize())
        return found


def certified(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    made = certificate_of(key, "receiver.example")
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


@cache
def named_receiver(name: str) -> Receiver:
    """Making a key takes a while, so each is made once."""
    return Receiver()


def receiver(name: str = "first") -> Receiver:
    return named_receiver(name)

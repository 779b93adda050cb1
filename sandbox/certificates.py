"""Keys with a certificate that nobody else has signed."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
LASTS = timedelta(days=3650)


def self_signed(
    common_name: str, *, begins: datetime = BEGINS, lasts: timedelta = LASTS
) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A new RSA key. Making one takes a tenth of a second: keep it."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private, certificate_of(private, common_name, begins=begins, lasts=lasts)


def certificate_of(
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    common_name: str,
    *,
    begins: datetime = BEGINS,
    lasts: timedelta = LASTS,
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + lasts)
        .sign(private, hashes.SHA256())
    )

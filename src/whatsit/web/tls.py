"""A certificate of our own, so that a phone's browser lets the page use its camera."""

import datetime
import ipaddress
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from whatsit.datasets.damage import set_aside
from whatsit.datasets.places import CERTIFICATE, KEY
from whatsit.errors import DataError
from whatsit.files import beneath, read_bounded, write_file
from whatsit.plugins import EXTRAS

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, GeneralName

_MAX_BYTES = 2**16
_DAYS = 397
"""The longest validity that Apple's and Google's browsers accept."""


def self_signed(folder: Path, hosts: Iterable[str]) -> tuple[Path, Path]:
    """A certificate and its key for ``hosts`` and this machine's own names, kept in ``folder`` and reused.

    Returns:
        The paths of certificate and key (PEM). The key is readable by its owner only.

    Raises:
        MissingExtraError: cryptography is not installed.
        DataError: the folder cannot be written.
    """
    try:
        import cryptography  # noqa: F401 - to say early that it is missing
    except ImportError as error:
        raise EXTRAS["tls"].missing("a certificate (--tls)") from error
    certificate, key = folder / Path(CERTIFICATE.path).name, folder / Path(KEY.path).name
    names = _names(hosts)
    if certificate.exists() and key.exists():
        try:
            known = _loaded(certificate, key)
        except (ValueError, TypeError):
            set_aside(key, "not the key of studio.crt", "a new pair is made")
            known = None
        if known is not None and _still_good(known, names):
            return certificate, key
    key_pem, certificate_pem = _make(names)
    try:
        beneath.make_folder(folder)
    except OSError as error:
        raise DataError(f"{folder}: the certificate cannot be kept there: {error.strerror}") from error
    # The certificate last: without it a new pair is made.
    write_file(key, key_pem, mode=0o600)
    write_file(certificate, certificate_pem)
    return certificate, key


def _loaded(certificate: Path, key: Path) -> "Certificate":
    """The certificate in a file.

    Raises:
        ValueError: one of the two is damaged, or the key is not the certificate's.
        TypeError: the key wants a password.
        DataError: one of them cannot be read.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    known = x509.load_pem_x509_certificate(read_bounded(certificate, _MAX_BYTES, "a certificate"))
    private = load_pem_private_key(read_bounded(key, _MAX_BYTES, "a key"), None)
    if private.public_key() != known.public_key():
        raise ValueError("another key's")
    return known


def _names(hosts: Iterable[str]) -> list[str]:
    own = socket.gethostname()
    wildcard = {"0.0.0.0", "::"}  # noqa: S104 - named to be left out
    return sorted({"localhost", "127.0.0.1", "::1", own, f"{own}.local", *hosts} - wildcard)


def _still_good(certificate: "Certificate", names: list[str]) -> bool:
    from cryptography import x509

    month = datetime.timedelta(days=30)
    if certificate.not_valid_after_utc < datetime.datetime.now(datetime.UTC) + month:
        return False
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {str(name.value) for name in extension}
    return set(names) <= known


def _make(names: list[str]) -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whatsit studio")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


def _general_name(name: str) -> "GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)

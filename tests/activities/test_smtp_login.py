"""TLS and login of the SMTP mailer, against a sandbox with a certificate and an account."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from activities.message import compose
from activities.vendors.ports import Never, NotYet, VendorFailure
from activities.vendors.smtp import SmtpMailer
from starters.sandbox.mail import Account
from tests.activities.mail_post import LONG, PARTS, Post, open_post


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + built.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
async def guarded(tmp_path: Path, certificate: Path) -> AsyncIterator[Post]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    account = Account("relay", "pass-w0rd")
    async with open_post(tmp_path, account=account, tls=tls) as running:
        yield running


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Post]:
    async with open_post(tmp_path / "plain") as running:
        yield running


async def test_starttls_and_login_lead_to_a_delivery(guarded: Post, certificate: Path) -> None:
    mailer = SmtpMailer(
        "127.0.0.1", guarded.port, "relay", "pass-w0rd", "starttls", LONG, certificate
    )
    await mailer.send(compose(PARTS), guarded.watch)
    assert len(guarded.sandbox.messages()) == 1


@pytest.mark.parametrize(
    ("login", "fault", "expected"),
    [
        (("relay", "wrong"), None, (Never, "535")),
        ((None, None), None, (Never, "530")),
        (("relay", "pass-w0rd"), ("status", 454), (NotYet, "454")),
        (("relay", "pass-w0rd"), ("drop", None), (NotYet, "disconnected")),
    ],
)
async def test_a_refused_login_is_never_retried(
    guarded: Post,
    login: tuple[str | None, str | None],
    fault: tuple[str, int | None] | None,
    expected: tuple[type[VendorFailure], str],
) -> None:
    if fault is not None:
        guarded.sandbox.faults.set("smtp", "auth", fault[0], times=3, value=fault[1])
    mailer = SmtpMailer("127.0.0.1", guarded.port, *login, "none", LONG)
    with pytest.raises(VendorFailure) as caught:
        await mailer.send(compose(PARTS), guarded.watch)
    assert (type(caught.value), caught.value.code) == expected
    assert guarded.watch.calls == 0


async def test_tls_that_cannot_be_agreed_is_a_setting_to_mend(guarded: Post, plain: Post) -> None:
    for mailer in (
        SmtpMailer("127.0.0.1", guarded.port, tls="starttls"),  # a certificate nobody vouches for
        SmtpMailer("127.0.0.1", plain.port, tls="starttls"),  # a server without STARTTLS
        SmtpMailer("127.0.0.1", plain.port, tls="tls"),  # a server that speaks in the clear
    ):
        with pytest.raises(Never, match="tls"):
            await mailer.send(compose(PARTS), plain.watch)

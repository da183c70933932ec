"""Accounts at vendors and the secrets of webhooks: configured, let in, reachable from outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from activities.ledger.connections import Connections
from config.settings import Settings, secrets_named
from starters.doctor.finding import Finding
from starters.webhooks.event_signatures import check_secret
from workers.probing import Probe

_VARIABLE = "DRIPSTONE_INGRESS__"


def look_at_accounts(
    settings: Settings, connections: Connections, probes: tuple[Probe, ...]
) -> Iterator[Finding]:
    """Findings about what is configured, and about what the vendors answered."""
    for probe in probes:
        yield _probed(probe)
    yield _secrets(connections)
    yield from _doors(settings)
    yield _links(settings)


def _secrets(connections: Connections) -> Finding:
    names = connections.secret_names
    missing = sorted(names - secrets_named(names).keys())
    if not missing:
        return Finding("connection-secrets", "ok", "all that the connections file names are set")
    mend = "set these variables where the workers run, if automations are to use the connections"
    return Finding("connection-secrets", "warning", f"not set: {', '.join(missing)}", mend)


def _probed(probe: Probe) -> Finding:
    check = f"account-{probe.vendor}"
    if probe.state == "answers":
        return Finding(check, "ok", "lets us in")
    if probe.state == "not asked":
        return Finding(check, "ok", f"configured; not asked: {probe.said}")
    mend = f"check DRIPSTONE_{probe.vendor.upper()}__... and that this machine reaches it"
    return Finding(check, "problem", probe.said, mend)


def _doors(settings: Settings) -> Iterator[Finding]:
    """Webhooks whose secret is missing refuse everything."""
    ingress = settings.ingress
    yield _signed(ingress.events_secret.get_secret_value() if ingress.events_secret else None)
    needed = (
        ("mail", "MAIL_TOKEN", ingress.mail_token, settings.smtp, "replies and bounces"),
        (
            "smartlead",
            "SMARTLEAD_TOKEN",
            ingress.smartlead_token,
            settings.smartlead,
            "reports on leads handed over",
        ),
    )
    for door, variable, secret, wanted, what in needed:
        if wanted is not None and secret is None:
            said = f"POST /webhooks/{door} refuses all: {what} are not taken in"
            yield Finding(f"webhook-{door}", "problem", said, f"set {_VARIABLE}{variable}")
        elif secret is not None:
            yield Finding(f"webhook-{door}", "ok", "its secret is set")


def _signed(secrets: str | None) -> Finding:
    if secrets is None:
        what = "POST /events refuses all: upstream systems cannot report anything"
        mend = f"set {_VARIABLE}EVENTS_SECRET to whsec_ and a base64 secret"
        return Finding("webhook-events", "warning", what, mend)
    try:
        for secret in secrets.split():
            check_secret(secret)
    except ValueError as error:
        return Finding("webhook-events", "problem", str(error), f"set {_VARIABLE}EVENTS_SECRET")
    return Finding("webhook-events", "ok", "its secret is set")


def _links(settings: Settings) -> Finding:
    """The address in unsubscribe links, which whoever gets a mail must be able to open."""
    check, url = "public-url", urlsplit(settings.ingress.public_url)
    host = settings.smtp.host if settings.smtp else "127.0.0.1"
    shown = f"{url.scheme}://{url.hostname}"
    if is_this_machine(host) or (url.scheme == "https" and not is_this_machine(url.hostname or "")):
        return Finding(check, "ok", f"unsubscribe links lead to {shown}")
    return Finding(
        check,
        "problem",
        f"unsubscribe links of mails lead to {shown}: RFC 8058 asks for https, and who gets a "
        "mail must be able to open it",
        f"set {_VARIABLE}PUBLIC_URL to the https address of the ingress",
    )


def is_this_machine(host: str) -> bool:
    """Whether that is a name or an address of loopback."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

"""Letters to one of our mailboxes, for the tests of inbound mail."""

from __future__ import annotations

from starters.webhooks.mail import InboundMail, parse

SENT = "Mon, 23 Nov 2026 10:00:00 +0100"
FOOTER = (
    "Dripstone Ltd., 1 Kiln Lane\nIf you would rather not hear from us: https://m.example/u/t\n"
    "Unsubscribe\nPlease remove me\n"
)


def letter(text: str, *headers: str, subject: str = "Re: Ground movement") -> InboundMail:
    head = [
        "From: Ada <ada@lead.example>",
        "To: ines@dripstone.example",
        f"Subject: {subject}",
        f"Date: {SENT}",
        "Message-ID: <answer@lead.example>",
        "In-Reply-To: <k3y@dripstone.example>",
        "Content-Type: text/plain; charset=utf-8",
        *headers,
    ]
    return parse(("\r\n".join(head) + "\r\n\r\n" + text).encode())

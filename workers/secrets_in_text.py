"""Secrets that somebody has written into a file: they belong into the environment alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_KNOWN = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a Slack token": r"\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{10,}",
    "a Slack webhook": r"hooks\.slack\.com/services/T\w+/B\w+/\w{8,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a GitHub token": r"\bgh[opsur]_[A-Za-z0-9]{36}|\bgithub_pat_\w{22,}",
    "a key of Stripe, OpenAI or the like": r"\b(?:sk|rk)[-_](?:live|test|proj|ant)[-_][\w-]{16,}",
    "a SendGrid key": r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    "a HubSpot token": r"\bpat-[a-z]{2}\d-[0-9a-f]{8}-[0-9a-f-]{20,}",
    "a webhook secret": r"\bwhsec_[A-Za-z0-9+/=]{20,}",
    "a signed token (JWT)": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
    "an address with a password": r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}]+:[^\s/:@{}]+@",
    "an Authorization header": r"(?i)\b(?:bearer|basic)\s+(?=[\w.~+/=-]*\d)[\w.~+/=-]{20,}",
}
_PATTERNS = {what: re.compile(pattern) for what, pattern in _KNOWN.items()}
_ASSIGNED = re.compile(
    r"(?i)\b(?:password|passwd|secret|token|api[ _-]?key|access[ _-]?key|private[ _-]?key)"
    r"['\"]?\s*[:=]\s*['\"]?(?=[\w+/=.~-]*\d)(?=[\w+/=.~-]*[A-Za-z])[\w+/=.~-]{12,}"
)


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret in a text; ``line`` counts from 1. What it is made of is not repeated anywhere.

    ``is_sure``: it has the form of a certain kind of secret, and is not just called one.
    """

    line: int
    what: str
    is_sure: bool

    @property
    def message(self) -> str:
        """What to do about it."""
        begin = f"this looks like {self.what}"
        return (
            f"{begin}: take it out, name a connection or a variable of the environment instead, "
            "and have it replaced, for others may have read it"
        )


def find_leaks(text: str) -> Iterator[Leak]:
    """Every line of a text with a secret in it, once each."""
    for number, line in enumerate(text.splitlines(), start=1):
        known = next((what for what, known in _PATTERNS.items() if known.search(line)), None)
        if known:
            yield Leak(number, known, True)
        elif _ASSIGNED.search(line):
            yield Leak(number, "a secret", False)

"""Which company a lead is at, by the domain of its address, for limits per company."""

from __future__ import annotations

from activities.ledger.leads import Lead, canonical_address
from activities.ledger.store import Ledger

EVERYBODYS = frozenset(
    (
        *("gmail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com"),
        *("icloud.com", "me.com", "mac.com", "aol.com", "proton.me", "protonmail.com"),
        *("gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de", "mail.com", "zoho.com"),
        *("orange.fr", "free.fr", "libero.it", "mail.ru", "yandex.ru", "qq.com", "163.com"),
    )
)
"""Domains at which everybody may have an address: no company."""


def company_domain(lead: Lead) -> str | None:
    """The company's domain; None for an address that says nothing of one."""
    if not lead.email:
        return None
    domain = canonical_address(lead.email).rpartition("@")[2]
    return None if domain in EVERYBODYS else domain


def company_of(ledger: Ledger, lead: Lead) -> str | None:
    """An id of the company; None if the lead is at none."""
    domain = company_domain(lead)
    return ledger.keyed_hash("company", f"{lead.center}:{domain}") if domain else None

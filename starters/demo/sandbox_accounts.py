"""The demo's accounts at the sandbox vendors, as settings in the environment."""

from __future__ import annotations

from pathlib import Path

from starters.processes.supervisor import LOOPBACK
from starters.sandbox.credentials import load_or_make


def accounts_at(kept: Path, web: str, smtp_port: int) -> dict[str, str]:
    """The settings that lead to the vendors, with the credentials that they have made."""
    known = load_or_make(kept)
    salesforce = {
        "BASE_URL": f"{web}/salesforce",
        "LOGIN": "jwt",
        "USERNAME": known.salesforce.username,
        "CLIENT_ID": known.salesforce.client_id,
        "PRIVATE_KEY": (kept / "salesforce-private-key.pem").read_text(),
    }
    return {
        **{f"DRIPSTONE_SALESFORCE__{name}": value for name, value in salesforce.items()},
        "DRIPSTONE_SMTP__HOST": LOOPBACK,
        "DRIPSTONE_SMTP__PORT": str(smtp_port),
        "DRIPSTONE_SMTP__TLS": "none",
        "DRIPSTONE_SLACK__BASE_URL": f"{web}/slack/api/",
        "DRIPSTONE_SLACK__TOKEN": known.slack.token,
        "DRIPSTONE_HUBSPOT__BASE_URL": f"{web}/hubspot",
        "DRIPSTONE_HUBSPOT__TOKEN": known.hubspot.token,
        "DRIPSTONE_MARKETO__BASE_URL": f"{web}/marketo",
        "DRIPSTONE_MARKETO__CLIENT_ID": known.marketo.client_id,
        "DRIPSTONE_MARKETO__CLIENT_SECRET": known.marketo.client_secret,
        "DRIPSTONE_SMARTLEAD__BASE_URL": f"{web}/smartlead/api/v1",
        "DRIPSTONE_SMARTLEAD__API_KEY": known.smartlead.api_key,
        "DRIPSTONE_TWILIO__BASE_URL": f"{web}/twilio",
        "DRIPSTONE_TWILIO__ACCOUNT_SID": known.twilio.account_sid,
        "DRIPSTONE_TWILIO__AUTH_TOKEN": known.twilio.auth_token,
        "DRIPSTONE_TWILIO__FROM": known.twilio.numbers[0],
        "DRIPSTONE_TEAMS__WEBHOOK_URL": f"{web}/teams/workflows/1?sig={known.teams.signature}",
    }

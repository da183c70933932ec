"""What Smartlead reports of a lead, in either of the two forms that its documentation has.

There is no signature. Sources: api.smartlead.ai, webhook events.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from workflows.engine.events import OUTREACH_SENT

KEY_FIELD = "dripstone_key"
"""The custom field in which leads carry our key; named by the client that puts them there."""

KINDS = {
    "EMAIL_REPLY": "reply",
    "EMAIL_REPLIED": "reply",
    "EMAIL_SENT": OUTREACH_SENT,
    "EMAIL_BOUNCE": "bounce",
    "EMAIL_BOUNCED": "bounce",
    "LEAD_UNSUBSCRIBED": "unsubscribe",
    "EMAIL_UNSUBSCRIBED": "unsubscribe",
}
"""What is taken in, and how it is called here. Opens, clicks and categories are left out."""

_INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_TIMES = ("event_timestamp", "time_replied", "time_sent", "time_bounced", "timestamp")


class Unreadable(ValueError):
    """The body is not what the vendor sends; says nothing of what was in it."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report. ``key`` is ours, from the lead's custom field, and empty if it was not told;
    ``vendor_lead`` is the vendor's id of the lead. ``kind`` is empty for what nobody needs."""

    id: str
    kind: str
    campaign: int
    key: str
    vendor_lead: str
    email: str
    number: int
    at: datetime | None


def parse(body: bytes) -> Report:
    """Read one report.

    Raises:
        Unreadable: it is no JSON object, or names no campaign.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    if not isinstance(found, dict):
        raise Unreadable("not a JSON object")
    name = str(found.get("event_type") or found.get("event") or "").upper()
    campaign = _whole(found.get("campaign_id"))
    if not name or campaign is None:
        raise Unreadable("it has no event_type (or event), or no campaign_id")
    email = str(found.get("to_email") or _part(found, "lead").get("email") or "")
    number = _whole(found.get("sequence_number"))
    place = (name, campaign, email, number, str(found.get("message_id") or ""))
    digest = hashlib.sha256(json.dumps(place).encode()).hexdigest()[:32]
    return Report(
        id=f"smartlead-{digest}",
        kind=KINDS.get(name, ""),
        campaign=campaign,
        key=next(_keys(found), ""),
        vendor_lead=str(found.get("lead_id") or _part(found, "lead").get("id") or ""),
        email=email,
        number=number or 0,
        at=_instant(found),
    )


def _keys(found: Mapping[str, Any]) -> Iterator[str]:
    """Our key, wherever the form puts custom fields."""
    for holder in (found, _part(found, "lead"), _part(found, "lead_data")):
        own = _part(holder, "custom_fields").get(KEY_FIELD) or holder.get(KEY_FIELD)
        if isinstance(own, str) and own:
            yield own


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _whole(value: object) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _instant(found: Mapping[str, Any]) -> datetime | None:
    for name in _TIMES:
        try:
            return _INSTANT.validate_python(found.get(name), strict=False)
        except ValidationError:
            continue
    return None

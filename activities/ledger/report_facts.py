"""Which kinds of events a report counts."""

from __future__ import annotations

FACTS = {
    "reply": "replied",
    "bounce": "bounced",
    "sms_undelivered": "texts_undelivered",
    "sms_opt_out": "opted_out_of_texts",
    "unsubscribe": "unsubscribed",
    "complaint": "unsubscribed",
    "meeting_booked": "meetings",
    "out_of_office": "out_of_office",
}
"""Kinds of events that are counted, and under which name. A soft bounce is no bounce."""

"""Kinds of events that upstream systems may not report, or know by another word."""

from __future__ import annotations

OUR_OWN_KINDS = frozenset(
    (
        "email_sent",
        "sms_sent",
        "sms_opt_in",
        "campaign_exited",
        "lead_stale",
        "schedule_due",
        "superseded",
        "turned_off",
        "criteria_met",
        "hold_released",
        "malformed",
        "own_mail",
        "review_decided",
        "outreach_sent",
    )
)
"""Facts that only Dripstone itself can know. Nothing from outside may let go of a hold."""

OPT_OUTS = frozenset(("unsubscribed", "opt_out", "opted_out", "optout"))
"""Other words for ``unsubscribe``: an opt-out is honoured however it is called."""

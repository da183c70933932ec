"""Rows of a list of suppressions that was written here, read in again: each keeps its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import uuid4

from activities.ledger.leads import check_lead_id, lock_of_record
from activities.ledger.suppression_history import sign
from activities.ledger.suppressions import (
    DECLINED,
    ERASED,
    NO_MAIL,
    UNDELIVERABLE,
    suppress_as_listed,
)
from starters.commands.opened import Opened
from starters.commands.output import WrongUse
from starters.commands.suppressing import Said
from starters.commands.whom import Whom

SUBJECTS = {"person": "person", "lead": "lead", "domain": "domain", "phone": "number"}
"""By scope, what of ``Whom`` the subject of a written row is."""

NO_OPT_OUTS = ("bounced", NO_MAIL, DECLINED, UNDELIVERABLE, ERASED)
"""Reasons that nobody has opted out by: the CRM is told of none, and nobody is stopped by them."""

_KEY = re.compile("[0-9a-f]{24}")
_CHANNELS = ("email", "sms")


def is_kept_as_it_was(told: Mapping[str, str]) -> bool:
    """Whether a row is of a list written here, and no opt-out."""
    is_of_list = told.get("scope") in ("person", "lead", "phone") and bool(told.get("subject"))
    return is_of_list and told.get("why") in NO_OPT_OUTS


async def put_back(here: Opened, center: str, told: Mapping[str, str], said: Said) -> bool:
    """Write such a row down as it was; False if it, or a stronger one, holds already.

    Raises:
        WrongUse: there is no such channel, or the subject is no key.
        BadLead: the subject is no id of a lead.
    """
    scope, subject, reason = told["scope"], told["subject"], told["why"]
    channel = told.get("channel") or ("sms" if scope == "phone" else "email")
    if channel not in _CHANNELS:
        raise WrongUse(f"channel {channel!r} is not one of {', '.join(_CHANNELS)}")
    if scope == "lead":
        lock = lock_of_record(center, check_lead_id(subject))
    elif _KEY.fullmatch(subject):
        lock = f"{scope}:{subject}"
    else:
        raise WrongUse(f"subject {subject!r} is no key of a {scope}, as a list written here has it")
    async with here.ledger.transaction(lock) as tx:
        why = (reason, f"operator-{uuid4().hex}", await here.ledger.now(tx))
        is_new = await suppress_as_listed(tx, center, (scope, subject, channel), why)
        await sign(tx, why[1], said.by, said.why)
    return is_new


def listed(told: Mapping[str, str], center: str) -> Whom:
    """Whom a row of such a list names.

    Raises:
        WrongUse: there is no such scope.
    """
    scope, subject, campaign = told["scope"], told.get("subject", ""), None
    if scope == "campaign":
        campaign, _, subject = subject.rpartition("/")
        scope = "lead" if "-" in subject else "person"
    if scope not in SUBJECTS or not subject:
        raise WrongUse(f"scope {scope!r} is not one of {', '.join(SUBJECTS)}, campaign")
    # An opt-out is written in the channel of mail, and holds for all.
    channel = "sms" if told.get("channel") == "sms" and scope != "phone" else "all"
    named = {SUBJECTS[scope]: subject}
    return Whom(center, **named, channel=channel, campaign=campaign)

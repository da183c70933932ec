"""Which columns of the ledger may hold personal data, and what is left of each by an erasure.

Every column of every table stands here once: a test fails for a new one that does not. Ids, HMACs
of addresses (``person``, ``token``, ``company``), instants, states and counters are not personal in
this sense: they point at nobody once the rest is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import JsonValue

ROW: Literal["the whole row goes"] = "the whole row goes"
BY_RULE: Literal["a rule of its own"] = "a rule of its own"
"""What becomes of it is in ``blanking.py``."""

GONE = "erased"
"""What stands where a reason or an answer stood that other code takes for one."""

PERSONAL: Mapping[str, Mapping[str, JsonValue]] = {
    "admissions": {"timeline": [], "history": BY_RULE},
    "alerts": {"text": GONE},
    "aliases": {"record": ROW},
    # What of the lead's fields was looked at when it was selected.
    "audience": {"criteria": {"version": 0, "judged": []}, "reason": GONE},
    "consents": {"source": BY_RULE},
    "deliveries": {"body": {}},
    "effects": {
        "payload": BY_RULE,
        "payload_hash": "",
        "reason": GONE,
        "vendor_ref": None,
    },
    "firings": {"told": {}, "why": GONE},
    "gate_answers": {"cause": GONE},
    "handovers": {"domain": "", "problem": "", "vendor_lead": None},
    "inbox": {"data": BY_RULE},
    "leads": {"email": ROW, "fields": ROW, "zone": ROW},
    "refusals": {"reason": GONE},
    "reply_classes": {"reason": ""},
    "review_log": {"reason": ""},
    "reviews": {"mail": {}, "mail_hash": "", "reason": "", "rendered_hash": ""},
    "sessions": {"folded": ROW, "session": ROW},
    "suppression_log": {"reason": GONE},
    "version_moves": {"before": {"step": ""}, "reason": ""},
}
"""By table: what an erasure writes into a column, or ``ROW``, or ``BY_RULE``."""

ALSO_GONE = ("follow_ups", "watches")
"""Tables whose rows about the lead go although nothing in them is personal: they would act on."""

WORDS_OF_LEADS: Mapping[str, frozenset[str]] = {
    # What is known of a lead. Everywhere else it goes by the ids of this table.
    "leads": frozenset({"email", "fields"}),
    # What was sent or written, word by word: a retry sends just that again.
    "effects": frozenset({"payload"}),
    # What upstream systems and answers said.
    "inbox": frozenset({"data"}),
    # What is plain in the event that started an automation, for conditions on it.
    "firings": frozenset({"told"}),
    # Mails that wait for an approval, and what is told to the team: with their merge values.
    "reviews": frozenset({"mail"}),
    "alerts": frozenset({"text"}),
    # The domain of an address: a stop there is asked for by domain.
    "handovers": frozenset({"domain"}),
}
"""Those of the above that are meant for a lead's name, address, phone number and words. The others
may get to hold one by somebody's hand, such as the reason that an operator gives."""

NOT_PERSONAL: Mapping[str, str] = {
    "admissions": (
        "center enrollment entry automation version lead person lane priority state stop_reason "
        "exit cause run_id follow_up admitted_at running_at closed_at checked_at"
    ),
    "alerts": "center id key enrollment lead at acknowledged_at acknowledged_by",
    "aliases": "center lead system noted_at",
    "automations": (
        "center automation version digest definition source templates published_at published_by"
    ),
    "audience": "center automation lead person place state wave turn selected_at asked_at",
    "campaign_settings": (
        "center automation number settings changed_at changed_by reason reached_to reached_at"
    ),
    "centers": "center state changed_at changed_by",
    "consents": "center person consent channel state at noted_at",
    "deactivated_templates": "center name since",
    "deliveries": "center event enrollment entry state attempts next_at",
    "effects": (
        "center key activity connection enrollment entry step visit event lead person state phase "
        "message_id token attempts lease_owner lease_until planned_at intent_at claimed_at "
        "done_at"
    ),
    # The reason of an erasure is its record: a number of a ticket, by the runbook, and no name.
    "erasures": "center lead person state reason asked_by asked_at done_at lifted_at",
    "facts_about_ledger": "center name value",
    "feed_signs": "center feed heard_at noted_at",
    "follow_ups": (
        "center reply id lead owner stage replied_at due_at next_at acknowledged_at acknowledged_by"
    ),
    "firings": "center cause automation lead event caused_by state attempts at next_at",
    "gate_answers": "center key enrollment entry lead answer until times first_at at",
    "halts": "center automation reason since halted_by",
    "handovers": (
        "center key enrollment entry step visit automation lead person token campaign mails sent "
        "state wanted wanted_serial ended_how attempts asked_at stop_wanted_at confirmed_at "
        "next_at lease_owner lease_until"
    ),
    "holds": "center enrollment entry cause since",
    "inbox": "center id kind at received_at source lead person enrollment",
    "launches": "center automation state launched_at launched_by next_at waits_for",
    "leads": "center lead person updated_at",
    "leases": "center name owner until",
    "lifecycle": "center automation version state changed_at changed_by",
    "lifecycle_log": "center number automation version act reason done_at done_by",
    "refusals": "center cause automation lead at",
    "replies": "center event id lead person reply_class sure state at received_at",
    "reply_classes": "center number reply event reply_class sure verdict given_by at",
    "review_log": "center number review act done_at done_by",
    "reviews": (
        "center id enrollment entry step number asked_by visit automation lead person state author "
        "edited_by asked_at decided_at decided_by"
    ),
    "schedules": "center automation watching_since due_at reached",
    "sessions": "center lead state last_at",
    "slots": "center key enrollment entry automation mailbox company person at day taken_at",
    # The reason is one of our words; an operator's own are in the log, or about a domain.
    "suppressions": "center scope subject channel reason event at lifted_at",
    "suppression_log": "center number scope subject channel act event at done_by",
    "template_log": "center line name number act reason done_at done_by",
    "template_versions": "center name number digest kind state drafted_by",
    "templates": "center name digest subject text html",
    "turns": "center pool last_user place",
    "version_moves": (
        "center enrollment entry id automation from_version to_version how step visit moved_at "
        "moved_by undone_at undone_by"
    ),
    "waves": (
        "center automation number size state released_at released_by changed_at changed_by reason "
        "judged_from"
    ),
    "watches": "center automation lead state since watching_since due_at",
}
"""By table: the columns that stay as they are, with a space between."""

"""The tables of the ledger, the same on SQLite and PostgreSQL. Every row has a center."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, String, Text
from sqlalchemy import text as sql

from activities.ledger.alert_table import alerts
from activities.ledger.alias_table import aliases
from activities.ledger.columns import at as _at
from activities.ledger.columns import document as _json
from activities.ledger.columns import identifier as _id
from activities.ledger.columns import metadata
from activities.ledger.columns import table as _table
from activities.ledger.editing_tables import campaign_settings, version_moves
from activities.ledger.erasure_tables import erasures, suppression_log
from activities.ledger.gate_tables import consents, feed_signs, halts, slots
from activities.ledger.handover_tables import handovers
from activities.ledger.inbox_tables import deliveries, inbox
from activities.ledger.reply_tables import follow_ups, replies, reply_classes
from activities.ledger.review_tables import review_log, reviews
from activities.ledger.trigger_tables import firings, schedules, sessions, watches
from activities.ledger.wave_tables import audience, launches, waves

__all__ = [
    "alerts",
    "aliases",
    "audience",
    "campaign_settings",
    "consents",
    "deliveries",
    "erasures",
    "feed_signs",
    "firings",
    "follow_ups",
    "halts",
    "handovers",
    "inbox",
    "launches",
    "metadata",
    "replies",
    "reply_classes",
    "review_log",
    "reviews",
    "schedules",
    "sessions",
    "slots",
    "suppression_log",
    "version_moves",
    "watches",
    "waves",
]

leads = _table(
    "leads",
    _id("lead"),
    _id("person"),
    Column("email", Text),
    Column("zone", String(63)),
    _json("fields"),
    _at("updated_at"),
    PrimaryKeyConstraint("center", "lead"),
    Index("leads_person", "center", "person"),
)

automations = _table(
    "automations",
    _id("automation"),
    Column("version", Integer, nullable=False),
    _id("digest"),
    _json("definition"),
    Column("source", Text, nullable=False),
    _json("templates"),
    _at("published_at"),
    Column("published_by", Text, nullable=False),
    PrimaryKeyConstraint("automation", "version"),
)

lifecycle = _table(
    "lifecycle",
    _id("automation"),
    Column("version", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    _at("changed_at"),
    Column("changed_by", Text, nullable=False),
    PrimaryKeyConstraint("automation"),
)

lifecycle_log = _table(
    "lifecycle_log",
    Column("number", Integer, nullable=False),
    _id("automation", nullable=True),
    Column("version", Integer),
    Column("act", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    _at("done_at"),
    Column("done_by", Text, nullable=False),
    PrimaryKeyConstraint("number"),
    Index("lifecycle_log_automation", "automation"),
)

centers = _table(
    "centers",
    Column("state", String(20), nullable=False),
    _at("changed_at"),
    Column("changed_by", Text, nullable=False),
    PrimaryKeyConstraint("center"),
)

templates = _table(
    "templates",
    _id("name"),
    _id("digest"),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    PrimaryKeyConstraint("center", "name", "digest"),
)

LIVE = ("ADMITTED", "RUNNING")

admissions = _table(
    "admissions",
    _id("enrollment"),
    Column("entry", Integer, nullable=False),
    _id("automation"),
    Column("version", Integer, nullable=False),
    _id("lead"),
    _id("person"),
    _id("lane"),
    Column("priority", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("stop_reason", String(40)),
    Column("exit", String(40)),
    _id("cause"),
    _id("run_id", nullable=True),
    _id("follow_up", nullable=True),
    _at("admitted_at"),
    _at("running_at", nullable=True),
    _at("closed_at", nullable=True),
    _at("checked_at", nullable=True),
    Column("timeline", JSON),
    Column("history", LargeBinary),
    PrimaryKeyConstraint("enrollment", "entry"),
    Index("admissions_person", "center", "person"),
    Index("admissions_lead", "center", "lead"),
    Index("admissions_state", "state", "admitted_at"),
    Index("admissions_cause", "cause"),
    Index("admissions_stopped", "stop_reason", "state"),
    Index("admissions_follow_up", "follow_up"),
    Index(
        "admissions_lane",
        "center",
        "lane",
        "person",
        unique=True,
        sqlite_where=sql("state IN ('ADMITTED', 'RUNNING')"),
        postgresql_where=sql("state IN ('ADMITTED', 'RUNNING')"),
    ),
)

refusals = _table(
    "refusals",
    _id("cause"),
    _id("automation"),
    _id("lead"),
    Column("reason", Text, nullable=False),
    _at("at"),
    PrimaryKeyConstraint("cause"),
)

effects = _table(
    "effects",
    Column("key", String(400), nullable=False),
    _id("activity"),
    _id("connection"),
    _id("enrollment", nullable=True),
    Column("entry", Integer),
    _id("step", nullable=True),
    Column("visit", Integer),
    Column("event", String(400)),
    _id("lead", nullable=True),
    _id("person", nullable=True),
    Column("state", String(20), nullable=False),
    Column("phase", String(20), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    _json("payload"),
    _id("payload_hash"),
    _id("message_id", nullable=True),
    _id("token", nullable=True),
    _id("vendor_ref", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _id("lease_owner", nullable=True),
    _at("lease_until", nullable=True),
    _at("planned_at"),
    _at("intent_at", nullable=True),
    _at("claimed_at", nullable=True),
    _at("done_at", nullable=True),
    PrimaryKeyConstraint("key"),
    Index("effects_enrollment", "enrollment", "entry"),
    Index("effects_state", "state", "lease_until"),
    Index("effects_message_id", "message_id"),
    Index("effects_token", "token"),
    Index("effects_person", "center", "person"),
)

suppressions = _table(
    "suppressions",
    Column("scope", String(20), nullable=False),
    _id("subject"),
    Column("channel", String(20), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("event", String(400), nullable=False),
    _at("at"),
    _at("lifted_at", nullable=True),
    PrimaryKeyConstraint("center", "scope", "subject", "channel"),
)

holds = _table(
    "holds",
    _id("enrollment"),
    Column("entry", Integer, nullable=False),
    _id("cause"),
    _at("since"),
    PrimaryKeyConstraint("enrollment", "entry"),
    Index("holds_cause", "cause"),
)

leases = _table(
    "leases",
    _id("name"),
    _id("owner"),
    _at("until"),
    PrimaryKeyConstraint("name"),
)

turns = _table(
    "turns",
    _id("pool"),
    _id("last_user"),
    Column("place", Integer, nullable=False),
    PrimaryKeyConstraint("center", "pool"),
)

facts_about_ledger = _table(
    "facts_about_ledger",
    _id("name"),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("name"),
)

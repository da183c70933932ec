"""The sample leads: put into the sandbox's Salesforce, then enrolled as `dripstone enroll` does."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from activities import dispatch
from activities.ledger.inbox import Incoming
from activities.ledger.leads import BadLead, new_lead
from config.settings import Settings
from starters.commands.opened import Opened
from starters.demo.cast import OPTED_OUT_EARLIER
from starters.demo.stage import CONFIG, Stage
from starters.leads.file import LeadFile, examine
from starters.leads.importing import Import, Importer, Outcome
from starters.leads.rows import Row, read_rows
from starters.leads.salesforce_ids import lead_id
from workflows.engine.automation import Automation
from workflows.engine.events import Event

SAMPLE = CONFIG / "leads" / "sample.csv"
SENDER = "ada@dripstone.example"
_SALESFORCE = {
    "FirstName": "first_name",
    "LastName": "last_name",
    "Company": "company",
    "Email": "email",
    "Title": "title",
    "Industry": "industry",
    "Time_Zone__c": "zone",
}


@dataclass(slots=True)
class Audience:
    """The file, and what has become of its rows so far: ids by address, names by id, and the
    reason for each line that was turned away."""

    file: LeadFile
    rows: list[Row]
    leads: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    rejected: dict[int, str] = field(default_factory=dict)
    complete: bool = False


def read_sample() -> Audience:
    """The rows of the sample file, none of them enrolled yet.

    Raises:
        UnreadableFile: it is no file of leads any more.
    """
    file = examine(SAMPLE)
    return Audience(file, list(read_rows(file)[1]))


async def seed(stage: Stage, rows: list[Row], http: httpx.AsyncClient) -> None:
    """Put the leads that have a Salesforce id, and the senders, into the sandbox's Salesforce."""
    senders = {SENDER} | {
        mailbox.address
        for center in stage.connections.centers.values()
        for mailbox in center.mailboxes.values()
    }
    for address in sorted(senders):
        user = {"Username": address, "Email": address, "LastName": address.partition("@")[0]}
        await _seed(stage, http, "User", user)
    records = {record: row for row in reversed(rows) if (record := _salesforce_id(row))}
    for record, row in sorted(records.items(), key=lambda found: found[1].line):
        fields = {name: row.fields[key] for name, key in _SALESFORCE.items() if key in row.fields}
        opted_out = row.fields.get("email") == OPTED_OUT_EARLIER
        needed = {"LastName": "-", "Company": "-", "Id": record, "HasOptedOutOfEmail": opted_out}
        await _seed(stage, http, "Lead", {**needed, **fields})


async def _seed(
    stage: Stage, http: httpx.AsyncClient, name: str, fields: Mapping[str, object]
) -> None:
    body = {"object": name, "fields": dict(fields)}
    (await http.post(f"{stage.sandbox_url}/_seed", json=body)).raise_for_status()


def _salesforce_id(row: Row) -> str | None:
    with suppress(BadLead):
        lead = lead_id(str(row.fields.get("id") or ""))
        return lead.removeprefix("sf-") if lead.startswith("sf-") else None
    return None


async def enroll(stage: Stage, automation: Automation, audience: Audience) -> None:
    """Enroll every row. A row that cannot enter does not stop the others."""
    await _opt_out_earlier(stage, automation.center)

    def told(outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.fate in ("refused", "rejected"):
                audience.rejected[outcome.row.line] = outcome.reason
            else:
                _note_entered(stage, automation, audience, outcome.row)

    # Left as they are by the import, and those of this process are for other accounts.
    settings = Settings.model_construct()
    here = Opened(settings, stage.ledger, stage.connections)
    plan = Import(automation.id, automation.center, audience.file)
    await Importer(here, stage.client, plan).run(audience.rows, told)
    audience.complete = True


async def _opt_out_earlier(stage: Stage, center: str) -> None:
    """What the ledger knows from an earlier campaign: somebody does not want our mail."""
    lead = new_lead(stage.ledger, center, {"email": OPTED_OUT_EARLIER})
    at = datetime.now(UTC) - timedelta(days=200)
    event = Event(id="opted-out-earlier", kind="unsubscribe", at=at)
    incoming = Incoming(event, center, "import", lead.lead, lead.person)
    await dispatch.take_in(stage.ledger, incoming, stage.connections)


def _note_entered(stage: Stage, automation: Automation, audience: Audience, row: Row) -> None:
    fields = row.fields
    written = str(fields.get("id") or "")
    known_as = lead_id(written) if written else None
    lead = new_lead(stage.ledger, automation.center, fields, known_as).lead
    named = " ".join(str(fields.get(part, "")) for part in ("first_name", "last_name")).strip()
    audience.leads[str(fields.get("email", "")).lower()] = lead
    audience.names[lead] = named or str(fields.get("company", lead))

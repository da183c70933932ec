"""The sandbox org's records: every change is checked, journalled, and only then made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from starters.sandbox.log import Log
from starters.sandbox.salesforce.ids import full_id, make_id
from starters.sandbox.salesforce.rules import completed
from starters.sandbox.salesforce.schema import OBJECTS, PREFIXES, Field, Object
from starters.sandbox.salesforce.values import Refusal, accepted, stamp

Record = dict[str, Any]

STATUSES: tuple[Record, ...] = (
    {"Label": "Sent", "SortOrder": 3, "IsDefault": True},
    {"Label": "Responded", "SortOrder": 4, "HasResponded": True},
)
"""The member statuses that every new Campaign has."""


class Records:
    """All records of the org, by object and id; made again from the journal at a start."""

    def __init__(self, log: Log, owner: str | None = None) -> None:
        self._log = log
        self._rows: dict[str, dict[str, Record]] = {kind.name: {} for kind in OBJECTS.values()}
        self.default_owner = owner
        for entry in log.entries():
            if entry["vendor"] == "salesforce" and entry["action"] in ("create", "update"):
                details = entry["details"]
                self._rows[details["object"]][details["id"]] = details["record"]

    def rows(self, kind: Object) -> list[Record]:
        """Every record that is not deleted, in order of creation."""
        return [row for row in self._rows[kind.name].values() if not row["IsDeleted"]]

    def get(self, kind: Object, record_id: str) -> Record:
        """One record by its 15- or 18-character id. Raises Refusal."""
        whole = full_id(record_id)
        if whole is None:
            message = f"{kind.name} ID: id value of incorrect type: {record_id}"
            raise Refusal(400, "MALFORMED_ID", message, "Id")
        row = self._rows[kind.name].get(whole)
        if row is None:
            message = "Provided external ID field does not exist or is not accessible"
            raise Refusal(404, "NOT_FOUND", f"{message}: {record_id}")
        if row["IsDeleted"]:
            raise Refusal(404, "ENTITY_IS_DELETED", "entity is deleted")
        return row

    def create(self, kind: Object, body: Mapping[str, Any], wanted: str | None = None) -> Record:
        """A new record, with the id that is ``wanted``. Raises Refusal: nothing was changed."""
        change = self._checked(kind, body, "create")
        defaults = {f.name: f.default for f in kind.fields.values()}
        if "OwnerId" in defaults:
            defaults["OwnerId"] = self.default_owner
        now = _now()
        row = completed(kind, defaults, change)
        row |= {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
        row["Id"] = self._free_id(kind, wanted)
        row = self._with_status(kind, row)
        self._unique(kind, row)
        self._keep("create", kind, row)
        if kind.name == "Campaign":
            for status in STATUSES:
                self.create(OBJECTS["campaignmemberstatus"], {"CampaignId": row["Id"], **status})
        return row

    def update(self, kind: Object, record_id: str, body: Mapping[str, Any]) -> Record:
        """Change one record. Raises Refusal, and then nothing was changed."""
        row = self.get(kind, record_id)
        if row.get("IsConverted"):
            raise Refusal(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        changed = completed(kind, row, self._checked(kind, body, "update"))
        changed |= {"LastModifiedDate": _now(), "SystemModstamp": _now()}
        changed = self._with_status(kind, changed)
        self._unique(kind, changed)
        return self._keep("update", kind, changed)

    def upsert(
        self, kind: Object, key_field: str, key: str, body: Mapping[str, Any]
    ) -> tuple[Record, bool]:
        """Create or change the record with this external id, and whether it was created."""
        field = self.external_id(kind, key_field)
        for name in body:
            if name.lower() in ("id", field.name.lower()):
                message = f"The {name} field should not be specified in the sobject data."
                raise Refusal(400, "INVALID_FIELD", message, name)
        found = self.matching(kind, field, key)
        if len(found) > 1:
            paths = ", ".join(f"/sobjects/{kind.name}/{row['Id']}" for row in found)
            raise Refusal(300, "MULTIPLE_CHOICES", paths)
        if found:
            return self.update(kind, found[0]["Id"], body), False
        return self.create(kind, {**body, field.name: key}), True

    def delete(self, kind: Object, record_id: str) -> None:
        """Put one record into the bin: it stays known, as deleted."""
        row = self.get(kind, record_id)
        self._keep("update", kind, {**row, "IsDeleted": True, "SystemModstamp": _now()})

    def put(self, kind: Object, record: Record) -> None:
        """Set a record up for a demo or a test, past the rules on who may write what."""
        self._keep("update", kind, record)

    def external_id(self, kind: Object, name: str) -> Field:
        """The external id field of this name. Raises Refusal."""
        field = kind.field(name)
        if field is None or not field.external_id:
            message = "Provided external ID field does not exist or is not accessible"
            raise Refusal(404, "NOT_FOUND", f"{message}: {name}")
        return field

    def matching(self, kind: Object, field: Field, key: str) -> list[Record]:
        """The records with this external id; like Salesforce, without regard to case."""
        wanted = key.casefold()
        return [r for r in self.rows(kind) if str(r.get(field.name) or "").casefold() == wanted]

    def _with_status(self, kind: Object, row: Record) -> Record:
        """A campaign member's status, and whether it counts as a response: read-only, derived."""
        if kind.name != "CampaignMember":
            return row
        statuses = [
            status
            for status in self.rows(OBJECTS["campaignmemberstatus"])
            if status["CampaignId"] == row["CampaignId"]
        ]
        by_default = next((s["Label"] for s in statuses if s["IsDefault"]), "Sent")
        label = row.get("Status") or by_default
        # A status that the Campaign does not have is stored all the same, as picklists are.
        responded = any(s["HasResponded"] for s in statuses if s["Label"] == label)
        return {**row, "Status": label, "HasResponded": responded}

    def _free_id(self, kind: Object, wanted: str | None) -> str:
        known = self._rows[kind.name]
        if wanted is not None:
            if full_id(wanted) != wanted or not wanted.startswith(kind.prefix) or wanted in known:
                raise Refusal(400, "MALFORMED_ID", f"not a free {kind.name} id: {wanted}", "Id")
            return wanted
        ids = (make_id(kind.prefix, number) for number in count(len(known) + 1))
        return next(one for one in ids if one not in known)

    def _checked(self, kind: Object, body: Mapping[str, Any], action: str) -> Record:
        change: Record = {}
        for name, value in body.items():
            field = kind.field(name)
            if field is None:
                message = f"No such column '{name}' on sobject of type {kind.name}"
                raise Refusal(400, "INVALID_FIELD", message)
            if field.writable == "never" or (field.writable, action) == ("on_create", "update"):
                message = (
                    f"Unable to create/update fields: {field.name}. Please check the security "
                    "settings of this field and verify that it is read/write for your profile"
                )
                raise Refusal(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, field.name)
            change[field.name] = self._linked(field, accepted(field, value))
        return change

    def _linked(self, field: Field, value: Any) -> Any:
        if field.kind != "reference" or value is None:
            return value
        target = self._rows[PREFIXES[value[:3]]].get(value)
        if target is None:
            message = f"invalid cross reference id: {field.name}"
            raise Refusal(400, "INVALID_CROSS_REFERENCE_KEY", message, field.name)
        if target["IsDeleted"]:
            raise Refusal(400, "ENTITY_IS_DELETED", "entity is deleted", field.name)
        return value

    def _unique(self, kind: Object, row: Record) -> None:
        for field in kind.fields.values():
            if not field.unique or row.get(field.name) is None:
                continue
            for other in self.matching(kind, field, row[field.name]):
                if other["Id"] != row["Id"]:
                    raise _duplicate(f"{field.name} duplicates value on record with id", other)
        if kind.name == "CampaignMember":
            for other in self.rows(kind):
                if other["Id"] != row["Id"] and _membership(other) == _membership(row):
                    raise Refusal(400, "DUPLICATE_VALUE", "Already a campaign member.")

    def _keep(self, action: str, kind: Object, row: Record) -> Record:
        self._log.append("salesforce", action, object=kind.name, id=row["Id"], record=row)
        self._rows[kind.name][row["Id"]] = row
        return row


def _duplicate(text: str, other: Record) -> Refusal:
    return Refusal(400, "DUPLICATE_VALUE", f"duplicate value found: {text}: {other['Id']}")


def _membership(row: Record) -> tuple[Any, Any, Any]:
    return row["CampaignId"], row.get("LeadId"), row.get("ContactId")


def _now() -> str:
    return stamp(datetime.now(UTC))

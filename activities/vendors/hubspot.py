"""HubSpot over its CRM API v3 and v4: contacts, timeline events, meetings.

Sources: HubSpot's public API specifications (CRM objects, associations v4, owners, timeline) and
its page on error handling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from activities.errors import failure
from activities.vendors.ports import (
    LoggedMeeting,
    Receipt,
    RecordKey,
    TimelineEvent,
    VendorFailure,
)
from activities.vendors.rest import Call, Web

_CONTACTS = "/crm/v3/objects/contacts"
_MEETINGS = "/crm/v3/objects/meetings"

_NO_SUCH_PROPERTY = re.compile(r'Property \\?"([a-z][a-z0-9_]*)\\?" does not exist')

_ADVICE = {
    "INVALID_AUTHENTICATION": "check DRIPSTONE_HUBSPOT__TOKEN",
    "EXPIRED_AUTHENTICATION": "check DRIPSTONE_HUBSPOT__TOKEN",
    "MISSING_SCOPES": "give the app the scopes that it lacks",
    "CONFLICT": "another contact has this address, and nobody knows that it is the lead: give that "
    "contact our key, or import the lead with its hubspot_id",
    "OBJECT_NOT_FOUND": "the record is not there any more, or was merged into another",
    "PROPERTY_DOESNT_EXIST": "create the property, or correct its name in the connections file",
}


class HubspotLogin(BaseModel):
    """Where HubSpot is, and the token of a private app or an OAuth installation for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr
    base_url: str = Field(
        default="https://api.hubapi.com", pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$"
    )


class Hubspot:
    """``LeadSystem`` and ``Timeline``; safe to share between tasks.

    All calls can be repeated: by the record's id, by a property with unique values, or by the
    event's own id. Raises NotYet or Never, and nothing else.
    """

    def __init__(self, login: HubspotLogin, seconds: float = 15.0) -> None:
        self._token = login.token.get_secret_value()
        self._web = Web("hubspot", login.base_url, seconds)

    async def push(self, which: RecordKey, fields: Mapping[str, Any]) -> Receipt:
        """Update the contact by its id, else upsert it by our key; never by its address."""
        properties = {name: _text(value) for name, value in fields.items()}
        if which.record:
            path, body = f"{_CONTACTS}/{which.record}", {"properties": properties}
            call = Call("update of a contact", "PATCH", path, body=body)
            return Receipt(_id(await self._ask(call)), "updated")
        return await self._upsert(_CONTACTS, which, properties)

    async def add_event(self, event: TimelineEvent) -> Receipt:
        """Put an event on the timeline; the same id again replaces it."""
        body = {
            "eventTemplateId": event.template,
            "id": event.key,
            "objectId": event.record,
            "timestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "tokens": dict(event.tokens),
            "extraData": dict(event.extra),
        }
        path = "/integrators/timeline/v3/events"
        call = Call("creation of a timeline event", "POST", path, body=body)
        return Receipt(_id(await self._ask(call)))

    async def log_meeting(self, meeting: LoggedMeeting) -> Receipt:
        """Upsert the meeting by our key, with its attendees, and link it to the contact."""
        users = {address: await self._user(address) for address in meeting.attendees}
        known = [user for user in users.values() if user]
        strangers = [address for address, user in users.items() if not user]
        fields = dict(meeting.fields)
        if known:
            fields |= {"hubspot_owner_id": known[0], "hs_attendee_owner_ids": ";".join(known)}
        if strangers:
            also = f"Also invited: {', '.join(strangers)}"
            fields["hs_meeting_body"] = f"{fields.get('hs_meeting_body', '')}\n{also}".strip()
        receipt = await self._upsert(_MEETINGS, meeting.which, fields)
        path = f"/crm/v4/objects/meetings/{receipt.reference}/associations/default/contacts"
        link = Call("link of a meeting to its contact", "PUT", f"{path}/{meeting.contact}")
        await self._ask(link)
        how = f"{receipt.note}, {len(known)} of {len(users)} attendees are users there"
        return Receipt(receipt.reference, how)

    async def probe(self) -> None:
        """Read one user: nothing is written. Raises as every call."""
        await self._ask(Call("list of users", "GET", "/crm/v3/owners/", query={"limit": "1"}))

    async def _user(self, address: str) -> str | None:
        """The owner id of the HubSpot user with exactly this address."""
        call = Call("search for a user", "GET", "/crm/v3/owners/", query={"email": address})
        rows = (await self._ask(call)).get("results")
        for row in rows if isinstance(rows, list) else ():
            if str(row.get("email") or "").casefold() == address.casefold():
                return str(row["id"])
        return None

    async def _upsert(self, path: str, which: RecordKey, properties: Mapping[str, str]) -> Receipt:
        what = f"upsert of {path.rsplit('/', 1)[-1]}"
        one = {"id": which.key, "idProperty": which.key_field, "properties": dict(properties)}
        call = Call(what, "POST", f"{path}/batch/upsert", body={"inputs": [one]})
        answer = await self._ask(call)
        rows, errors = answer.get("results"), answer.get("errors")
        if isinstance(rows, list) and rows:
            return Receipt(_id(rows[0]), "created" if rows[0].get("new") else "updated")
        if isinstance(errors, list) and errors:  # 207, which is in the range of success
            raise _refused(call, 207, errors[0])
        raise failure("hubspot", "unreadable_answer", f"{what} was answered without a row")

    async def _ask(self, call: Call) -> dict[str, Any]:
        response = await self._web.ask(call, self._token)
        if response.status_code < 300:
            return self._web.document(call, response)
        raise _refused(call, response.status_code, _told(response))


def _told(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refused(call: Call, status: int, error: Mapping[str, Any]) -> VendorFailure:
    # HubSpot's own messages are not repeated: they quote the values that were written.
    code = _code(status, error)
    fields = _NO_SUCH_PROPERTY.findall(str(error.get("message")))
    named = f"; fields: {', '.join(fields)}" if fields else ""
    advice = f": {_ADVICE[code]}" if code in _ADVICE else ""
    return failure("hubspot", code, f"{call.what} was refused with HTTP {status}{named}{advice}")


def _code(status: int, error: Mapping[str, Any]) -> str:
    if status == 429:
        return f"RATE_LIMIT_{error['policyName']}" if error.get("policyName") else "RATE_LIMIT"
    if status >= 500 or status == 423:
        return f"http_{status}"
    if _NO_SUCH_PROPERTY.search(str(error.get("message"))):
        return "PROPERTY_DOESNT_EXIST"
    return str(error.get("category") or f"http_{status}")


def _id(row: Mapping[str, Any]) -> str:
    found = row.get("id")
    if not isinstance(found, str) or not found:
        raise failure("hubspot", "unreadable_answer", "the answer names no record")
    return found


def _text(value: object) -> str:
    """A property as HubSpot wants it: text, whatever its type."""
    return str(value).lower() if isinstance(value, bool) else str(value)

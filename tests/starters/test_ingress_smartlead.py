"""POST /webhooks/smartlead: whose a report is, what follows from it, and who may send one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from activities.ledger.handovers import change_handover, find_handover, open_handover
from activities.ledger.tables import admissions, deliveries, inbox, suppressions
from starters.webhooks.smartlead import Unreadable, parse
from tests.starters.arrivals import ADA, ADDRESSES, BOB, ENROLLMENT, Arrivals, open_ingress

KEY = f"{ENROLLMENT}/1/hand/1"
SECRET = "a long and unguessable token"


@pytest.fixture
async def lent(tmp_path: Path) -> AsyncIterator[Arrivals]:
    """Ada is enrolled, and handed over."""
    async with open_ingress(tmp_path, smartlead_token=SecretStr(SECRET)) as arrivals:
        row = {
            **{"center": "default", "key": KEY, "enrollment": ENROLLMENT, "entry": 1},
            **{"step": "hand", "visit": 1, "automation": "spring", "lead": ADA},
            **{"person": "p", "domain": "lead.example", "token": "our-key", "campaign": 7},
        }
        async with arrivals.ledger.transaction() as tx:
            await open_handover(arrivals.ledger, tx, row)
            await change_handover(tx, KEY, state="ACTIVE", vendor_lead="101")
        yield arrivals


async def post(lent: Arrivals, body: object, token: str = SECRET) -> httpx.Response:
    return await lent.http.post("/webhooks/smartlead", params={"token": token}, json=body)


def report(kind: str = "EMAIL_REPLY", **fields: Any) -> dict[str, Any]:
    whole = {"event_type": kind, "to_email": ADDRESSES[ADA], "campaign_id": 7}
    return whole | {"sequence_number": 1, "message_id": "<m-1>"} | fields


OURS: dict[str, Any] = {"custom_fields": {"dripstone_key": "our-key"}}
FORMS: dict[str, dict[str, Any]] = {
    "our key in the custom fields": report(**OURS),
    "our key with the lead": report(lead=OURS),
    "our key in the lead's data": report(lead_data=OURS),
    "the vendor's id of the lead": {
        **{"event": "EMAIL_REPLIED", "campaign_id": "7", "lead_id": 101},
        **{"lead": {"email": ADDRESSES[ADA]}},
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_says_whose_it_is(form: str) -> None:
    read = parse(json.dumps(FORMS[form]).encode())
    assert (read.kind, read.campaign, read.email) == ("reply", 7, ADDRESSES[ADA])
    assert (read.key or read.vendor_lead) == ("our-key" if "key" in form else "101")


@pytest.mark.parametrize("body", [[], "x", {}, {"event_type": "EMAIL_REPLY"}, {"campaign_id": 7}])
def test_what_is_no_report_is_unreadable(body: object) -> None:
    with pytest.raises(Unreadable):
        parse(json.dumps(body).encode())


async def test_a_reply_stops_the_enrollment_once(lent: Arrivals) -> None:
    await lent.enroll(BOB)
    first, again = [await post(lent, report(**OURS)) for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.json()["duplicate"], again.json()["duplicate"]) == (False, True)
    stopped = set(await lent.rows(admissions, "lead", "stop_reason"))
    assert stopped == {(ADA, "reply_received"), (BOB, None)}
    assert (await post(lent, "x")).status_code == 400


async def test_an_address_alone_stops_nobody_unless_it_opts_out(lent: Arrivals) -> None:
    strangers = (
        report(),
        report(custom_fields={"dripstone_key": "of somebody else"}),
        report(lead_id=102),
        report(**OURS, campaign_id=8),
    )
    for body in strangers:
        assert (await post(lent, body)).json()["matched"] is False
    assert await lent.rows(admissions, "stop_reason") == [(None,)]
    opted_out = await post(lent, report("LEAD_UNSUBSCRIBED"))
    assert opted_out.json()["opted_out"] == 1
    assert await lent.rows(admissions, "stop_reason") == [("unsubscribed",)]


async def test_a_bounce_and_an_opt_out_are_what_they_always_are(lent: Arrivals) -> None:
    for kind, stop, suppressed in (
        ("EMAIL_BOUNCE", "email_bounced", "bounced"),
        ("LEAD_UNSUBSCRIBED", "unsubscribed", "unsubscribed"),
    ):
        await post(lent, report(kind, **OURS))
        assert await lent.rows(admissions, "stop_reason") == [(stop,)]
        assert (suppressed,) in await lent.rows(suppressions, "reason")


async def test_a_mail_sent_there_is_counted_and_told_to_its_visit(lent: Arrivals) -> None:
    await post(lent, report("EMAIL_SENT", **OURS, sequence_number="2"))
    (told,) = [body for (body,) in await lent.rows(deliveries, "body")]
    assert told["data"] == {"number": 2, "step": "hand", "visit": 1}
    async with lent.ledger.transaction() as tx:
        found = await find_handover(tx, KEY)
        assert found is not None
        assert found.sent == 2
        await change_handover(tx, KEY, state="ENDED", ended_how="paused")
    await post(lent, report("EMAIL_SENT", **OURS, sequence_number=3))
    visits = [body["data"]["visit"] for (body,) in await lent.rows(deliveries, "body")]
    assert sorted(visits) == [0, 1]


async def test_what_nobody_needs_is_acknowledged_and_left_out(lent: Arrivals) -> None:
    answer = await post(lent, report("EMAIL_LINK_CLICK", **OURS))
    assert (answer.status_code, answer.json()["kind"]) == (200, None)
    assert await lent.rows(inbox, "id") == []


async def test_who_does_not_know_the_token_is_refused(lent: Arrivals) -> None:
    for token in ("", "a guess"):
        answer = await post(lent, report(**OURS), token)
        assert (answer.status_code, SECRET in answer.text) == (401, False)
    assert await lent.rows(admissions, "stop_reason") == [(None,)]


async def test_without_a_token_everybody_is_refused(tmp_path: Path) -> None:
    async with open_ingress(tmp_path) as arrivals:
        assert (await post(arrivals, report(**OURS), "")).status_code == 503

"""The accounts and the template of the tests' world."""

from __future__ import annotations

from datetime import timedelta

from activities.ledger.connections import (
    CenterConnections,
    Connections,
    HubspotWrites,
    Mailbox,
    MarketoWrites,
    Member,
    Pool,
    ReviewRules,
    SalesforceWrites,
    Samples,
)
from activities.ledger.feed_declarations import Feed
from activities.ledger.http_connections import Bearer, HttpConnection, Listener
from activities.ledger.publishing import TemplateText
from starters.sandbox.hubspot import HubspotSandbox

POSTAL_ADDRESS = "1 Quarry Lane, Matlock"
ADA = Mailbox(
    name="Ada Fox",
    address="ada@dripstone.example",
    postal_address=POSTAL_ADDRESS,
    salesforce_user="ada@dripstone.example",
)
SLOW = ADA.model_copy(update={"address": "slow@dripstone.example", "min_gap": timedelta(hours=20)})
OTHER = ADA.model_copy(update={"address": "other@dripstone.example"})
WRITES = SalesforceWrites(
    hard_bounce_field="clay_external_hard_bounce__c",
    writable_fields=("Rating", "LastName", "Company", "Email"),
    has_replied_field="Has_Replied__c",
    first_reply_field="First_Reply__c",
    reply_class_field="ReplyClassification__c",
    reply_text_field="SLV36_Pardot_Question_Asked__c",
)
HUBSPOT = HubspotWrites(
    writable_fields=("email", "firstname"), timeline_template=HubspotSandbox.template
)
MARKETO = MarketoWrites(writable_fields=("email", "firstName"))
SALES = Pool(members=tuple(Member(user=f"{name}@dripstone.example") for name in ("ada", "kim")))
LISTENING = ("answers", "listening")
"""A feed, and the one automation that depends on it."""
OFF = Pool(members=(Member(user="kim@dripstone.example", available=False),))
ACCOUNTS = Connections(
    centers={
        "default": CenterConnections(
            # A slot of a slow mailbox is gone for a day: each test of one has its own.
            mailboxes={"default": ADA, "busy": SLOW, "control": SLOW, "other": OTHER},
            salesforce=WRITES,
            hubspot=HUBSPOT,
            marketo=MARKETO,
            pools={"sales": SALES, "absent": OFF},
            feeds={LISTENING[0]: Feed(max_age=timedelta(minutes=30), automations=(LISTENING[1],))},
            samples=Samples(address="samples@dripstone.example"),
            review=ReviewRules(approvers=("ada", "legal"), roles={"legal": ("ben",)}),
        )
    }
)
FOOT = "{{ unsubscribe_url }} {{ sender.postal_address }}"
TEMPLATE = TemplateText("intro", "For {{ lead.first_name }}", f"Hello. {FOOT}", None)
TOKEN_VARIABLE = "A_TEST_RECEIVER_TOKEN"


def accounts_with(web: str) -> Connections:
    """The accounts, with HTTP connections to the sandbox at that address, and a listener there."""
    plain = HttpConnection(
        base_url=f"{web}/receiver",
        auth=Bearer(kind="bearer", token_env=TOKEN_VARIABLE),
        allow_loopback=True,
        time_out_seconds=15,
    )
    keyed = plain.model_copy(update={"idempotency_header": "Idempotency-Key"})
    hooks = {"site": Listener(connection="keyed", path="/hooks")}
    changes = {"http": {"plain": plain, "keyed": keyed}, "event_listeners": hooks}
    return Connections(centers={"default": ACCOUNTS.of("default").model_copy(update=changes)})

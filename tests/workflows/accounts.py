"""The accounts and the template of the tests' world."""

from __future__ import annotations

from activities.ledger.connections import (
    CenterConnections,
    Connections,
    Mailbox,
    Member,
    Pool,
    ReviewRules,
    SalesforceWrites,
)
from activities.ledger.publishing import TemplateText

ADA = Mailbox(
    name="Ada Fox",
    address="ada@dripstone.example",
    postal_address="1 Quarry Lane, Matlock",
    salesforce_user="ada@dripstone.example",
)
WRITES = SalesforceWrites(
    hard_bounce_field="clay_external_hard_bounce__c", writable_fields=("Rating",)
)
SALES = Pool(members=tuple(Member(user=f"{name}@dripstone.example") for name in ("ada", "kim")))
OFF = Pool(members=(Member(user="kim@dripstone.example", available=False),))
ACCOUNTS = Connections(
    centers={
        "default": CenterConnections(
            mailboxes={"default": ADA},
            salesforce=WRITES,
            pools={"sales": SALES, "absent": OFF},
            review=ReviewRules(approvers=("ada", "legal"), roles={"legal": ("ben",)}),
        )
    }
)
TEMPLATE = TemplateText("intro", "For {{ lead.first_name }}", "Hello. {{ unsubscribe_url }}", None)

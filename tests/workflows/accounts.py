"""The accounts and the template of the tests' world."""

from __future__ import annotations

from datetime import timedelta

from activities.ledger.connections import (
    CenterConnections,
    Connections,
    Mailbox,
    Member,
    Pool,
    SalesforceWrites,
)
from activities.ledger.publishing import TemplateText

ADA = Mailbox(
    name="Ada Fox",
    address="ada@dripstone.example",
    postal_address="1 Quarry Lane, Matlock",
    salesforce_user="ada@dripstone.example",
)
SLOW = ADA.model_copy(update={"address": "slow@dripstone.example", "min_gap": timedelta(hours=20)})
OTHER = ADA.model_copy(update={"address": "other@dripstone.example"})
WRITES = SalesforceWrites(
    hard_bounce_field="clay_external_hard_bounce__c", writable_fields=("Rating",)
)
SALES = Pool(members=tuple(Member(user=f"{name}@dripstone.example") for name in ("ada", "kim")))
OFF = Pool(members=(Member(user="kim@dripstone.example", available=False),))
ACCOUNTS = Connections(
    centers={
        "default": CenterConnections(
            mailboxes={"default": ADA, "slow": SLOW, "other": OTHER},
            salesforce=WRITES,
            pools={"sales": SALES, "absent": OFF},
        )
    }
)
TEMPLATE = TemplateText("intro", "For {{ lead.first_name }}", "Hello. {{ unsubscribe_url }}", None)

"""Salesforce over its REST API with simple-salesforce, blocking calls kept in threads here."""

from __future__ import annotations

from activities.vendors.salesforce.client import Salesforce
from activities.vendors.salesforce.leads import SalesforceLeads
from activities.vendors.salesforce.login import SalesforceLogin
from activities.vendors.salesforce.replies import SalesforceReplies
from activities.vendors.salesforce.transport import TimeOuts

__all__ = ["Salesforce", "SalesforceLeads", "SalesforceLogin", "SalesforceReplies", "TimeOuts"]

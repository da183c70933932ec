"""A Salesforce org on localhost, as strict as the real one for what Dripstone asks of it."""

from __future__ import annotations

from starters.sandbox.salesforce.org import SalesforceSandbox

__all__ = ["SalesforceSandbox"]

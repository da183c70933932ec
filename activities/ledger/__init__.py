"""The ledger: one transactional store for the truth that spans enrollments."""

from activities.ledger import template_tables
from activities.ledger.store import Ledger, LedgerUnavailable

__all__ = ["Ledger", "LedgerUnavailable", "template_tables"]

"""Which columns of the ledger are meant for personal data. In no other may any be.

A test plays journeys of a lead whose name, address, phone number and words are told apart from
everything else, and looks for them in every column: one that is not listed must not hold any, and
one that is listed must.
"""

from __future__ import annotations

PERSONAL: dict[str, frozenset[str]] = {
    # What is known of a lead. Everywhere else it goes by the ids of this table.
    "leads": frozenset({"email", "fields"}),
    # What was sent or written, word by word: a retry sends just that again.
    "effects": frozenset({"payload"}),
    # What upstream systems and answers said.
    "inbox": frozenset({"data"}),
    # What is plain in the event that started an automation, for conditions on it.
    "firings": frozenset({"told"}),
    # Mails that wait for an approval, and what is told to the team: with their merge values.
    "reviews": frozenset({"mail"}),
    "alerts": frozenset({"text"}),
    # The domain of an address: a stop there is asked for by domain.
    "handovers": frozenset({"domain"}),
}

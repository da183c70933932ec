"""Whether an automation says which consents its messages need, and that ignoring them is seen."""

from __future__ import annotations

from collections.abc import Iterator

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found


@check("warning", "be sure that it is meant: it is shown in reports")
def ignored_consents(draft: Draft) -> Iterator[Found]:
    """That consents are ignored is said aloud, each time."""
    consent = draft.automation.consent if draft.automation else None
    if consent and consent.ignore:
        message = (
            f"consents are ignored, {consent.ignored_because}; opt-outs are obeyed all the same"
        )
        yield ("consent", "ignore"), "warning", message


@check("error", "add a `consent` block, or the consent to the connections file")
def missing_consents(draft: Draft) -> Iterator[Found]:
    """In a center that asks for consents, each automation that sends says which it needs."""
    automation, there = draft.automation, draft.connections
    if automation is None or there is None or there.consents is None:
        return
    known = there.consents.get(automation.center, ())
    listed = ", ".join(known) or "none"
    sends = automation.channels or automation.calls_reach_leads
    if known and sends and automation.consent is None:
        message = (
            f"center {automation.center!r} asks people for consents ({listed}), and this sends "
            "messages: add 'consent: {needs: [...]}', or '{ignore: true, reason: ..., "
            "approved_by: ...}'"
        )
        yield (), "error", message
    for name in automation.consents_needed:
        if name not in known:
            message = (
                f"center {automation.center!r} asks for no consent {name!r}: the connections file "
                f"has {listed}, so nobody would ever be written to"
            )
            yield ("consent", "needs"), "error", message

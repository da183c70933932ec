"""Mails that a person must approve: an approval is of one text, and holds for no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.reviews import (
    APPROVED,
    REJECTED,
    Review,
    Written,
    ask_for_review,
    newest_review,
)
from activities.mail_footer import WHAT, Footer
from activities.message import MessageParts, payload_hash
from activities.scene import Scene
from activities.vendors.ports import NotYet
from workflows.engine.effects import Effect

_LINK = "{unsubscribe}"
"""Stands for the unsubscribe link, which alone differs between two mails of one text."""


class BadEdit(ValueError):
    """An edited mail that may not leave; says what it lacks, never what it says."""


def reviewed_hash(mail: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over what a reader sees: from, to, subject, text, html."""
    parts = MessageParts.model_validate(mail)
    link = parts.unsubscribe_url or _LINK
    html = parts.html and parts.html.replace(link, _LINK)
    text = parts.text.replace(link, _LINK)
    return payload_hash(parts.model_copy(update={"text": text, "html": html}))


async def as_reviewed(ledger: Ledger, effect: Effect, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with the approved text in it, if the approval was of this very rendering."""
    rendered = reviewed_hash(payload["mail"])
    async with ledger.reading() as tx:
        review = await newest_review(tx, effect.enrollment, effect.entry, effect.step)
    mail = payload["mail"]
    if review and review.state == APPROVED and review.rendered_hash == rendered:
        mail = _with_text_of(review, mail)
    return payload | {"mail": mail, "rendered": rendered}


def _with_text_of(review: Review, mail: Mapping[str, Any]) -> dict[str, Any]:
    """The headers of this mail, and the words of the approved one."""
    link, own = review.mail["unsubscribe_url"], mail["unsubscribe_url"]
    html = review.mail["html"]
    words = {
        "subject": review.mail["subject"],
        "text": review.mail["text"].replace(link, own),
        "html": html and html.replace(link, own),
    }
    return {**mail, **words}


async def what_review_lacks(
    tx: AsyncConnection, effect: Effect, payload: Mapping[str, Any]
) -> Literal["", "wanted", "rejected"]:
    """What keeps this very mail from leaving; empty if it is approved.

    Raises:
        ApplicationError: retryable; it was approved with other words after it was written.
    """
    mail = reviewed_hash(payload["mail"])
    rendered = payload.get("rendered", mail)
    review = await newest_review(tx, effect.enrollment, effect.entry, effect.step)
    if review is None or review.rendered_hash != rendered:
        return "wanted"
    if review.state == APPROVED and review.mail_hash != mail:
        text = "approved in other words while it was being written"
        raise as_application_error(NotYet("dripstone", "review_changed", text))
    if review.state == APPROVED:
        return ""
    return "rejected" if review.state == REJECTED else "wanted"


async def ask_again(
    ledger: Ledger, tx: AsyncConnection, scene: Scene, step: str, payload: Mapping[str, Any]
) -> Review:
    """Have the mail reviewed as it is now, because the gate does not let it pass."""
    mail = payload["mail"]
    written = Written(scene.entry, step, mail, payload.get("rendered") or reviewed_hash(mail))
    return await ask_for_review(ledger, tx, written, (None, 0))


def edited_mail(
    review: Review, words: Mapping[str, str | None], postal_address: str = ""
) -> dict[str, Any]:
    """The reviewed mail with another ``subject``, ``text`` and ``html``.

    ``postal_address`` is its sender's; it is not asked for if it is empty.

    Raises:
        BadEdit: it could not be sent, or lacks what every mail must have.
    """
    mail = {**review.mail, **words}
    try:
        parts = MessageParts.model_validate(mail)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        told = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}" for one in found)
        raise BadEdit(told) from None
    footer = Footer(parts.unsubscribe_url or "", postal_address)
    for part, field in footer.missing_in(parts.text, parts.html):
        raise BadEdit(f"the {part} lacks {WHAT[field]}: put it back in where readers see it")
    return parts.model_dump(mode="json")

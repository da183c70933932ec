"""An edited mail, read from a reviewer's file: a template with nothing to fill in."""

from __future__ import annotations

from pathlib import Path

from activities.ledger.connections import CenterConnections
from activities.ledger.deciding import Edited
from activities.ledger.reviews import Review
from activities.reviewed_mail import BadEdit, edited_mail, reviewed_hash
from activities.template_files import read_template
from activities.templates import TemplateProblem

__all__ = ["BadEdit", "as_file", "read_edit"]


def as_file(review: Review) -> str:
    """The reviewed mail as a file that ``read_edit`` reads."""
    mail = review.mail
    front = f"---\nsubject: {mail['subject']}\n---\n"
    html = f"--- html ---\n{mail['html']}" if mail["html"] else ""
    return f"{front}{mail['text']}{html}"


def read_edit(review: Review, path: Path, accounts: CenterConnections) -> Edited:
    """The reviewed mail with the words of a file; ``accounts`` are those of its center.

    Raises:
        BadEdit: the file cannot be read, or the mail could not be sent; quotes nothing of it.
    """
    try:
        text = read_template(path)
        words = {"subject": text.subject, "text": text.text, "html": text.html}
        mail = edited_mail(review, words, _postal_address(review, accounts))
    except OSError as error:
        raise BadEdit(f"{path}: cannot be read: {error.strerror}") from error
    except (TemplateProblem, BadEdit) as problem:
        raise BadEdit(f"{path.name}: {problem}") from problem
    return Edited(mail, reviewed_hash(mail))


def _postal_address(review: Review, accounts: CenterConnections) -> str:
    """Of the mailbox that the mail leaves from; empty if it is there no longer."""
    sender = review.mail["from_address"]
    boxes = (box for box in accounts.mailboxes.values() if box.address == sender)
    return next((box.postal_address for box in boxes), "")

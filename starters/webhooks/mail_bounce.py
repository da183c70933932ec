"""Reports by mail systems: what became of our message (RFC 3464), and complaints (RFC 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Literal

from starters.webhooks.mail_parts import address_in, header, message_ids, text_of

Outcome = Literal["bounce", "delayed", "complaint", "notice"]
Category = Literal[
    "other", "address", "mailbox", "system", "network", "protocol", "content", "policy"
]

# RFC 3463: the second number of a status says what it is about.
_CATEGORIES: tuple[Category, ...] = (
    "other",
    "address",
    "mailbox",
    "system",
    "network",
    "protocol",
    "content",
    "policy",
)
# Class 5, but about this message or this sender, not about the address: full mailbox, too big
# (2.3, 3.4), routing loop, delivery time used up, refused content, refused sender.
_SOFT = re.compile(r"5\.(?:2\.[23]|3\.4|4\.[67]|6\.\d+|7\.(?!13$)\d+)")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<!\d)([45]\d\d)[ -]")
_BY_REPLY_CODE = {"552": "5.2.2", "554": "5.7.0", "452": "4.2.2"}

_SYSTEM_SENDER = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|mdaemon)\b", re.I)
_FAILED_SUBJECT = re.compile(
    r"\s*(?:undeliver(?:able|ed)|delivery (?:status notification \(?fail|fail|has failed)"
    r"|mail delivery (?:fail|system)|failure notice|returned mail|message not delivered"
    r"|unzustellbar|nicht zustellbar|non remis|échec de la remise|no se puede entregar"
    r"|non recapitab)",
    re.I,
)
_DELAYED_SUBJECT = re.compile(r".{0,40}\b(?:delayed?|verzögert|retard)\b", re.I)


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail system reports; ``status`` is an RFC 3463 code such as 5.1.1.

    ``notice`` is a report that nothing was wrong: delivered, relayed, read.
    """

    outcome: Outcome
    bounce: Literal["hard", "soft"] | None = None
    status: str | None = None
    category: Category | None = None
    final_recipient: str | None = None
    about: tuple[str, ...] = ()


def read_report(message: Message) -> Report | None:
    """The report that ``message`` is; None when no mail system wrote it.

    A status of class 5 bounces hard, except for what says nothing of the address: mailbox full
    (5.2.2), too big, expired, loops, content (5.6.x) and policy (5.7.x), which bounce soft. An
    action ``failed`` of class 4 means given up and bounces soft. ``delayed``, and class 4 without
    an action, is not a bounce yet.
    """
    parts = {part.get_content_type(): part for part in message.walk()}
    about = _about(message, parts)
    if "message/feedback-report" in parts:
        return _complaint(parts["message/feedback-report"], about)
    if "message/delivery-status" in parts:
        return _delivery_status(parts["message/delivery-status"], about)
    if "message/disposition-notification" in parts:
        return Report("notice", about=about)
    return _by_habit(message, about)


def _complaint(part: Message, about: tuple[str, ...]) -> Report:
    fields = next(_blocks(part), part)
    kind = header(fields, "Feedback-Type").lower()
    if kind in ("not-spam", "auth-failure", "dmarc"):
        return Report("notice", about=about)
    recipient = address_in(header(fields, "Original-Rcpt-To"))
    return Report("complaint", final_recipient=recipient, about=about)


def _delivery_status(part: Message, about: tuple[str, ...]) -> Report:
    found = [_recipient(block, about) for block in _blocks(part)]
    reports = [report for report in found if report is not None]
    # Of several recipients the worst tells the story of ours: we send to one only.
    worst = {"hard": 0, "soft": 1, None: 2}
    return min(reports, key=lambda r: worst[r.bounce], default=Report("notice", about=about))


def _recipient(block: Message, about: tuple[str, ...]) -> Report | None:
    action = header(block, "Action").lower()
    status = _status(header(block, "Status"), header(block, "Diagnostic-Code"))
    if not action and status is None:
        return None
    name = header(block, "Final-Recipient") or header(block, "Original-Recipient")
    recipient = address_in(name.rpartition(";")[2])
    if action in ("delivered", "relayed", "expanded") or (status or "").startswith("2"):
        return Report("notice", None, status, _category(status), recipient, about)
    if action == "delayed" or (action != "failed" and (status or "4").startswith("4")):
        return Report("delayed", None, status, _category(status), recipient, about)
    return _bounced(status, recipient, about)


def _by_habit(message: Message, about: tuple[str, ...]) -> Report | None:
    """Bounces of systems older than RFC 3464, known by their sender and subject."""
    failed = header(message, "X-Failed-Recipients")
    sender, subject = header(message, "From"), header(message, "Subject")
    if not failed and not _SYSTEM_SENDER.search(sender):
        return None
    if _DELAYED_SUBJECT.match(subject):
        return Report("delayed", about=about)
    if not failed and not _FAILED_SUBJECT.match(subject):
        return None
    text = text_of(message)
    return _bounced(_status("", text), address_in(failed), about or message_ids(text))


def _bounced(status: str | None, recipient: str | None, about: tuple[str, ...]) -> Report:
    # Without any status the address may be sound: soft, so that nothing is flagged for good.
    hard = status is not None and status.startswith("5") and not _SOFT.fullmatch(status)
    return Report("bounce", "hard" if hard else "soft", status, _category(status), recipient, about)


def _status(status: str, diagnostic: str) -> str | None:
    """The status, or a more telling one from the diagnostic (``550 5.1.1 …``)."""
    stated, told = _STATUS.search(status), _STATUS.search(diagnostic)
    if stated and (not stated.group().endswith(".0.0") or not told or told[1] != stated[1]):
        return stated.group()
    if told:
        return told.group()
    code = _REPLY_CODE.search(diagnostic)
    return _BY_REPLY_CODE.get(code[1], f"{code[1][0]}.0.0") if code else None


def _category(status: str | None) -> Category | None:
    if status is None:
        return None
    subject = int(status.split(".")[1])
    return _CATEGORIES[subject] if subject < len(_CATEGORIES) else "other"


def _about(message: Message, parts: dict[str, Message]) -> tuple[str, ...]:
    """Message-IDs in the returned message or its headers."""
    found: list[str] = []
    for kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
        part = parts.get(kind)
        for inner in _blocks(part) if part is not None else ():
            found += message_ids(header(inner, "Message-ID"))
        if part is not None and not part.is_multipart():
            text = text_of(part)
            found += message_ids("\n".join(re.findall(r"(?im)^message-id:.*(?:\n\s.*)?", text)))
    return tuple(dict.fromkeys(found))


def _blocks(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))

"""Composing one outgoing mail: pure, and the same bytes for the same parts.

Sources: RFC 5322 (format, threading), RFC 2369 and RFC 8058 (unsubscribing). No
``X-Auto-Response-Suppress`` is set: an out-of-office answer is news that the sender wants.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

MAX_REFERENCES = 20
_MAX_HEADER = 900

_BREAKS_A_HEADER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+@[A-Za-z0-9.\-\[\]:_]+>")
_WEB_ADDRESS = re.compile(r"https?://[!-;=?-~]+")
_MAIL_ADDRESS = re.compile(r"mailto:[!-+\--;=?-~]+")
_NOT_TO_BE_ENCODED = frozenset({"list-unsubscribe", "message-id", "in-reply-to", "references"})


def _one_line(value: str) -> str:
    if _BREAKS_A_HEADER.search(value):
        raise ValueError("holds a line break or control character; take it out")
    if len(value) > _MAX_HEADER:
        raise ValueError(f"is longer than {_MAX_HEADER} characters; shorten it")
    return value


def _one_address(value: str) -> str:
    try:
        found = validate_email(
            _one_line(value),
            check_deliverability=False,
            globally_deliverable=False,
            allow_smtputf8=False,
        )
    except EmailNotValidError:
        raise ValueError("must be exactly one address such as ada@example.com") from None
    return found.ascii_email or found.normalized


def _message_id(value: str) -> str:
    if not _MESSAGE_ID.fullmatch(_one_line(value)):
        raise ValueError("must be a Message-ID such as <key@example.com>")
    return value


def _web_address(value: str) -> str:
    if not _WEB_ADDRESS.fullmatch(_one_line(value)):
        raise ValueError("must be an https (or http) URL in ASCII without spaces or < >")
    return value


def _mail_address(value: str) -> str:
    if not _MAIL_ADDRESS.fullmatch(_one_line(value)):
        raise ValueError("must be a mailto: URI in ASCII without spaces, commas or < >")
    return value


def _encodable(value: str) -> str:
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("holds half a character (a lone surrogate); correct the text")
    return value


Body = Annotated[str, AfterValidator(_encodable)]
OneLine = Annotated[str, AfterValidator(_one_line)]
OneAddress = Annotated[str, AfterValidator(_one_address)]
MessageId = Annotated[str, AfterValidator(_message_id)]


class MessageParts(BaseModel):
    """What one mail is made of. Construction refuses everything that could inject a header.

    ``to_address`` and ``from_address`` are one plain address each; ``date`` is aware;
    ``references`` are the Message-IDs of the thread, oldest first. ``unsubscribe_url`` is None for
    notices to colleagues alone. A refusal names the field,
    never its value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    from_address: OneAddress
    from_name: OneLine = ""
    to_address: OneAddress
    subject: OneLine = Field(min_length=1)
    text: Body = Field(min_length=1)
    html: Body | None = None
    message_id: MessageId
    date: AwareDatetime
    unsubscribe_url: Annotated[str, AfterValidator(_web_address)] | None
    unsubscribe_mailto: Annotated[str, AfterValidator(_mail_address)] | None = None
    in_reply_to: MessageId | None = None
    references: tuple[MessageId, ...] = ()


class _WholeIds(EmailPolicy):
    """SMTP lines, but no encoded words in URLs and Message-IDs.

    The standard library encodes a long one (RFC 2047), and then mail systems find neither the
    unsubscribe address nor the thread.
    """

    def fold(self, name: str, value: str) -> str:
        """One header as text; long lists are folded at their spaces only."""
        if name.lower() not in _NOT_TO_BE_ENCODED:
            folded: str = super().fold(name, value)
            return folded
        return f"{name}: {f'{self.linesep} '.join(str(value).split())}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        """One header as bytes."""
        if name.lower() not in _NOT_TO_BE_ENCODED:
            return super().fold_binary(name, value)
        return self.fold(name, value).encode("ascii")


_POLICY = _WholeIds(linesep="\r\n", cte_type="7bit")


def compose(parts: MessageParts) -> EmailMessage:
    """The MIME message for ``parts``: text, or text and HTML as alternatives; 7-bit throughout.

    Serialise it with ``as_bytes()``: the policy that keeps URLs whole travels with the message.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(parts.from_name, addr_spec=parts.from_address)
    message["To"] = Address(addr_spec=parts.to_address)
    message["Subject"] = parts.subject
    message["Date"] = format_datetime(parts.date.astimezone(UTC))
    message["Message-ID"] = parts.message_id
    _thread(message, parts)
    if parts.unsubscribe_url:
        ways = [f"<{way}>" for way in (parts.unsubscribe_url, parts.unsubscribe_mailto) if way]
        message["List-Unsubscribe"] = ", ".join(ways)
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    else:
        # A notice to a colleague: no auto-responder need answer it (RFC 3834, 5).
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(parts.text, cte="quoted-printable")
    if parts.html is not None:
        message.add_alternative(parts.html, subtype="html", cte="quoted-printable")
        # Quoted-printable never holds "=_", so this boundary cannot occur in a body.
        digest = hashlib.sha256(parts.message_id.encode()).hexdigest()
        message.set_boundary(f"=_{digest[:32]}")
    return message


def message_id_for(effect_key: str, secret: bytes, domain: str) -> str:
    """The Message-ID of an effect: the same at every attempt, and not to be guessed from outside.

    ``domain`` is the sending domain. Raises ValueError when it does not make a Message-ID.
    """
    digest = hmac.new(secret, effect_key.encode(), hashlib.sha256).hexdigest()
    return _message_id(f"<{digest[:40]}@{domain.lower()}>")


def unsubscribe_token(effect_key: str, secret: bytes) -> str:
    """The opaque token of the unsubscribe link of one mail: the same at every attempt."""
    return hmac.new(secret, f"unsubscribe:{effect_key}".encode(), hashlib.sha256).hexdigest()[:40]


def payload_hash(parts: MessageParts) -> str:
    """SHA-256 (hex) over what a reader sees: from, to, subject, text, html; not over its date."""
    seen = [
        [parts.from_name, parts.from_address],
        parts.to_address,
        parts.subject,
        parts.text,
        parts.html,
    ]
    return hashlib.sha256(json.dumps(seen, ensure_ascii=True).encode()).hexdigest()


def _thread(message: EmailMessage, parts: MessageParts) -> None:
    chain = list(dict.fromkeys(parts.references))
    if parts.in_reply_to is not None:
        message["In-Reply-To"] = parts.in_reply_to
        chain = [known for known in chain if known != parts.in_reply_to] + [parts.in_reply_to]
    if len(chain) > MAX_REFERENCES:
        # Mail programs thread by the first and by the latest ones (RFC 5537, 3.4.4).
        chain = [chain[0], *chain[-(MAX_REFERENCES - 1) :]]
    if chain:
        message["References"] = " ".join(chain)

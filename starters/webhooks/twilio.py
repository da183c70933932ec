"""What Twilio posts: answers to text messages, and what became of ours. Verifying and parsing.

Sources: Twilio's documents on webhook security, on the request to a messaging webhook and on
status callbacks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from starters.webhooks.sms_words import asks_to_start, asks_to_stop

LONGEST_TEXT = 1600
MOST_FIELDS = 200
STATUSES = frozenset(
    (
        *("accepted", "scheduled", "queued", "sending", "sent"),
        *("delivered", "undelivered", "failed", "read", "canceled"),
    )
)
NOT_SENT = frozenset(("undelivered", "failed"))
_SID = re.compile(r"[SM]M[0-9a-f]{32}")
_PHONE = re.compile(r"\+?[0-9]{3,15}")
_PORTS = {"http": 80, "https": 443}
_HARD = frozenset(("21211", "21614", "30004", "30005", "30006"))
"""Blocked, unknown, a landline: no later message will arrive there either."""

Form = Sequence[tuple[str, str]]
Wish = Literal["reply", "sms_opt_out", "sms_opt_in"]


class UnreadableText(ValueError):
    """Nothing that Twilio is known to post; says which field, never what it holds."""


@dataclass(frozen=True, slots=True)
class InboundText:
    """A message to us. ``to`` is our number, ``service`` its messaging service if it has one."""

    sid: str
    wish: Wish
    sender: str = field(repr=False)
    to: str
    service: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TextStatus:
    """What became of a message of ours; ``code`` is why it did not arrive, if it is known."""

    sid: str
    status: str
    code: str = ""

    @property
    def opted_out(self) -> bool:
        """Twilio did not send it: whoever has the number has answered STOP."""
        return self.code == "21610"

    @property
    def is_hard(self) -> bool:
        """Whether nothing will ever arrive at this number."""
        return self.code in _HARD


def read_form(body: bytes) -> Form:
    """The fields of a posted form, as they stand in it.

    Raises:
        UnreadableText: it is no form, or has too many fields.
    """
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise UnreadableText("the body is no form in UTF-8") from None


def is_signed(url: str, form: Form, signature: str, token: str) -> bool:
    """Whether Twilio signed this: an HMAC-SHA1 of address and sorted fields, by the auth token.

    The address is tried with and without the port: Twilio is not of one mind about it.
    """
    fields = "".join(name + value for name, value in sorted(set(form)))
    right = False
    for one in _spellings(url):
        digest = hmac.new(token.encode(), (one + fields).encode("utf-8"), hashlib.sha1).digest()
        expected = base64.b64encode(digest)
        right |= hmac.compare_digest(expected, signature.encode("latin-1", "replace"))
    return right


def _spellings(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    bare = f"[{host}]" if ":" in host else host
    with_port = f"{bare}:{parts.port or _PORTS.get(parts.scheme, 0)}"
    return tuple(urlunsplit(parts._replace(netloc=place)) for place in (bare, with_port))


def parse(form: Form, account: str) -> InboundText | TextStatus:
    """Read what was posted. Fields that are not known are passed over: Twilio adds some at times.

    Raises:
        UnreadableText: a field that is needed is missing, there twice, or not as it should be.
    """
    fields = _once_each(form)
    if fields.get("AccountSid") != account:
        raise UnreadableText("AccountSid is not the account of DRIPSTONE_TWILIO__ACCOUNT_SID")
    sid = fields.get("MessageSid", "")
    if not _SID.fullmatch(sid):
        raise UnreadableText("MessageSid is missing or no SID of a message")
    if "MessageStatus" in fields:
        return _status(sid, fields)
    return _inbound(sid, fields)


def _once_each(form: Form) -> Mapping[str, str]:
    fields = dict(form)
    if len(fields) < len(form):
        raise UnreadableText("a field is there twice")
    return fields


def _status(sid: str, fields: Mapping[str, str]) -> TextStatus:
    status, code = fields["MessageStatus"], fields.get("ErrorCode", "")
    if status not in STATUSES:
        raise UnreadableText("MessageStatus is none of those that Twilio documents")
    if code and not re.fullmatch(r"\d{1,6}", code):
        raise UnreadableText("ErrorCode is no number")
    return TextStatus(sid, status, code)


def _inbound(sid: str, fields: Mapping[str, str]) -> InboundText:
    for name in ("From", "To"):
        if not _PHONE.fullmatch(fields.get(name, "")):
            raise UnreadableText(f"{name} is missing or no phone number")
    if "Body" not in fields:
        raise UnreadableText("Body is missing")
    text = fields["Body"][:LONGEST_TEXT]
    said = fields.get("OptOutType", "").upper()
    wish: Wish = "reply"
    if said == "STOP" or asks_to_stop(text):
        wish = "sms_opt_out"
    elif said == "START" or asks_to_start(text):
        wish = "sms_opt_in"
    service = fields.get("MessagingServiceSid", "")
    return InboundText(sid, wish, fields["From"], fields["To"], service, text)

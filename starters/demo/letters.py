"""What prospects and their mail systems write, as raw messages. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

from starters.demo.cast import Act

AWAY_FOR: Final = timedelta(days=14)

_WORDS = {
    Act.REPLIES: "Thanks for writing. This is interesting for us: could you send two or three\n"
    "examples, and what a first site would cost?",
    Act.REPLIES_IN_GERMAN: "vielen Dank für Ihre Nachricht. Das klingt spannend, rufen Sie mich\n"
    "gern am Dienstag an.",
    Act.ASKS_TO_BE_REMOVED: "Please remove me from your list.",
    Act.ASKS_IN_GERMAN: "bitte nehmen Sie mich aus dem Verteiler.",
}
# fmt: off
_MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)
# fmt: on


def letter_from(act: Act, mail: Message, at: datetime) -> bytes | None:
    """The raw answer to ``mail`` that ``act`` calls for; None if it calls for none.

    ``at`` is when it is written, in any zone. Absences end two weeks later.
    """
    if act in _WORDS:
        return _reply(mail, at, _WORDS[act])
    if act in (Act.AWAY, Act.AWAY_IN_GERMAN):
        return _away(mail, at, in_german=act is Act.AWAY_IN_GERMAN)
    if act is Act.RECEIPT:
        return _receipt(mail, at)
    if act is Act.HARD_BOUNCE:
        return _returned(mail, at, ("5.1.1", "550 5.1.1 User unknown"))
    if act is Act.SOFT_BOUNCE:
        return _returned(mail, at, ("4.2.2", "452 4.2.2 Mailbox full"))
    return _complaint(mail, at) if act is Act.COMPLAINS else None


def back_on(at: datetime) -> date:
    """The day on which somebody who went away at ``at`` says to be back."""
    return (at + AWAY_FOR).date()


def _answer(mail: Message, at: datetime, subject: str) -> EmailMessage:
    """An answer in the thread of ``mail`` (RFC 5322, 3.6.4)."""
    answer = EmailMessage(policy=SMTP)
    answer["From"], answer["To"] = str(mail["To"]), str(mail["From"])
    answer["Subject"], answer["Date"] = subject, format_datetime(at)
    ours = str(mail["Message-ID"])
    answer["Message-ID"] = f"<{_digest(ours, subject)}@prospects.example>"
    answer["In-Reply-To"] = ours
    answer["References"] = " ".join(f"{mail['References'] or ''} {ours}".split())
    return answer


def _reply(mail: Message, at: datetime, words: str) -> bytes:
    subject = str(mail["Subject"])
    answer = _answer(mail, at, subject if subject.startswith("Re:") else f"Re: {subject}")
    quoted = "\n".join(f"> {line}" for line in _text(mail).splitlines())
    answer.set_content(f"Hello,\n\n{words}\n\nOn {at:%a, %d %b %Y}, you wrote:\n{quoted}\n")
    return answer.as_bytes()


def _away(mail: Message, at: datetime, in_german: bool) -> bytes:
    """An out-of-office answer (RFC 3834)."""
    back = back_on(at)
    if in_german:
        subject = f"Abwesenheitsnotiz: {mail['Subject']}"
        day = f"{back.day}. {_MONTHS[back.month - 1]} {back.year}"
        words = f"Guten Tag,\n\nich bin im Urlaub und ab dem {day} wieder im Büro.\n"
    else:
        subject = f"Automatic reply: {mail['Subject']}"
        words = f"Hello,\n\nI am out of the office and will be back on {back:%d %B %Y}.\n"
    answer = _answer(mail, at, subject)
    answer["Auto-Submitted"] = "auto-replied"
    answer.set_content(words)
    return answer.as_bytes()


def _receipt(mail: Message, at: datetime) -> bytes:
    answer = _answer(mail, at, f"Automatic reply: {mail['Subject']}")
    answer["Auto-Submitted"] = "auto-replied"
    answer.set_content("We have received your message. Your ticket number is 20417.\n")
    return answer.as_bytes()


def _returned(mail: Message, at: datetime, status: tuple[str, str]) -> bytes:
    """A non-delivery report (RFC 3464): for people, for machines, and our headers back."""
    to = str(mail["To"]).strip("<>")
    told = f"The mail to {to} could not be delivered: {status[1]}\r\n"
    machine = (
        "Reporting-MTA: dns; mx.prospects.example\r\n\r\n"
        f"Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: {status[0]}\r\n"
        f"Diagnostic-Code: smtp; {status[1]}\r\n"
    )
    head = {"Subject": "Undelivered Mail Returned to Sender", "Auto-Submitted": "auto-replied"}
    return _report(mail, at, ("delivery-status", told, machine), head)


def _complaint(mail: Message, at: datetime) -> bytes:
    """A feedback report (RFC 5965), as mailbox providers send for the spam button."""
    told = "A user of ours has marked this mail as spam.\r\n"
    machine = "Feedback-Type: abuse\r\nUser-Agent: Prospects/1\r\nVersion: 1\r\n"
    head = {"Subject": f"FW: {mail['Subject']}"}
    return _report(mail, at, ("feedback-report", told, machine), head)


def _report(
    mail: Message, at: datetime, parts: tuple[str, str, str], head: dict[str, str]
) -> bytes:
    """A multipart/report (RFC 6522) of ``parts``: its type, the words, and the machine's part."""
    kind, told, machine = parts
    boundary = f"report-{_digest(str(mail['Message-ID']), kind)[:16]}"
    ours = "".join(f"{name}: {value}\r\n" for name, value in mail.items())
    named = {
        "From": "Mail Delivery System <mailer-daemon@prospects.example>",
        "To": str(mail["From"]),
        "Date": format_datetime(at),
        "Message-ID": f"<{boundary}@prospects.example>",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/report; report-type={kind}; boundary="{boundary}"',
        **head,
    }
    lines = [f"{name}: {value}\r\n" for name, value in named.items()]
    for content, body in (
        ("text/plain; charset=utf-8", told),
        (f"message/{kind}", machine),
        ("text/rfc822-headers; charset=utf-8", ours),
    ):
        lines.append(f"\r\n--{boundary}\r\nContent-Type: {content}\r\n\r\n{body}")
    return "".join([*lines, f"\r\n--{boundary}--\r\n"]).encode()


def _text(mail: Message) -> str:
    part = next((p for p in mail.walk() if p.get_content_type() == "text/plain"), None)
    content = part.get_payload(decode=True) if part else b""
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:32]

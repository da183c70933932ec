"""Inbound mail by people: replies, requests to be removed, quotations, and broken mail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starters.webhooks.mail import UnreadableMail, parse
from tests.starters.letters import FOOTER, letter


@pytest.mark.parametrize(
    "text",
    [
        "Sounds good, please send me more.",
        "Not interested, thanks.",
        "Could you stop by our office on Monday?",
        "Please don't remove me, I want to stay on it.",
        "We are out of office space, let us talk in May.",
        "How does it handle people who opted in?",
        "Ich melde mich nächste Woche.",
        "Können wir den Termin verschieben? Die Liste folgt.",
        "Je ne suis pas la bonne personne, écrivez à Luc.",
        "Me interesa, ¿cuánto cuesta?",
        "Bitte keine Angebote bis Mai, dann gerne.",
    ],
)
@pytest.mark.parametrize("header", ["X-Auto-Response-Suppress: All", "Auto-Submitted: no"])
def test_a_person_who_answers_is_a_reply(text: str, header: str) -> None:
    assert letter(text, header).kind == "reply"


def test_a_person_answering_an_automatic_subject_is_a_reply() -> None:
    assert letter("I am back!", subject="Re: Automatic reply: Ground movement").kind == "reply"


@pytest.mark.parametrize(
    "text",
    [
        "Please remove me from your list.",
        "Unsubscribe",
        "UNSUBSCRIBE!!\n\nAda Byron\nHead of Operations",
        "please unsubscribe",
        "Stop.",
        "Stop emailing me",
        "Take me off this list",
        "Please opt me out.",
        "Don\u2019t contact me again.",
        "I no longer wish to receive your emails",
        "Kindly delete my address from your database",
        "how do I unsubscribe",
        "Hi Ines,\nno more emails please. Regards, Ada",
        "Abmelden",
        "Bitte abmelden!",
        "Bitte nehmen Sie mich aus Ihrem Verteiler.",
        "Melden Sie mich bitte ab.",
        "Ich möchte keine weiteren E-Mails erhalten.",
        "Bitte nicht mehr anschreiben.",
        "Löschen Sie meine Daten.",
        "Désabonnez-moi.",
        "Merci de me retirer de votre liste.",
        "Je ne souhaite plus recevoir vos messages.",
        "Arrêtez de m'écrire",
        "Baja",
        "Por favor, dar de baja.",
        "No quiero recibir más correos.",
        "Elimíneme de su lista",
        "Non desidero ricevere altre mail",
        "Graag afmelden",
        "Não quero receber mais e-mails",
    ],
)
def test_whoever_asks_to_be_removed_is_unsubscribed(text: str) -> None:
    assert letter(text).kind == "unsubscribe"


def test_a_machine_may_ask_for_removal_too() -> None:
    text = "Ada has left the company. Please remove this address from your list."
    assert letter(text, "Auto-Submitted: auto-replied").kind == "unsubscribe"


def test_a_mail_with_the_subject_unsubscribe_asks_for_removal() -> None:
    assert letter("", subject="unsubscribe").kind == "unsubscribe"
    assert letter("Fine.", subject="Re: How to unsubscribe from noise").kind == "reply"


QUOTED = "".join(f"> {line}\n" for line in FOOTER.splitlines())


@pytest.mark.parametrize(
    "quotation",
    [
        f"On Mon, 23 Nov 2026 at 09:00, Ines Röth <ines@dripstone.example> wrote:\n\n{QUOTED}",
        f"On Mon, 23 Nov 2026 at 09:00, Ines Röth\n<ines@dripstone.example> wrote:\n\n{FOOTER}",
        f"Am Mo., 23. Nov. 2026 um 09:00 Uhr schrieb Ines <ines@dripstone.example>:\n{QUOTED}",
        f"Le lun. 23 nov. 2026 à 09:00, Ines <ines@dripstone.example> a écrit :\n{QUOTED}",
        f"El lun, 23 nov 2026 a las 9:00, Ines (<ines@dripstone.example>) escribió:\n{FOOTER}",
        f"-----Original Message-----\nFrom: Ines\nSent: Monday\nTo: Ada\nSubject: x\n\n{FOOTER}",
        f"-----Ursprüngliche Nachricht-----\n{FOOTER}",
        f"________________________________\nVon: Ines\nGesendet: Montag\nAn: Ada\nBetreff: x\n\n"
        f"{FOOTER}",
        f"From: Ines <ines@dripstone.example>\nSent: Monday\nTo: Ada\nSubject: x\n\n{FOOTER}",
        QUOTED,
    ],
)
def test_our_own_quoted_footer_asks_for_nothing(quotation: str) -> None:
    mail = letter(f"Yes, please call me.\n\n{quotation}")
    assert (mail.kind, mail.text) == ("reply", "Yes, please call me.")
    assert letter(f"Please unsubscribe me\n\n{quotation}").kind == "unsubscribe"


def test_an_answer_below_the_quotation_is_read() -> None:
    mail = letter(f"On Mon, 23 Nov 2026, Ines <i@d.example> wrote:\n{QUOTED}\nYes, call me.")
    assert (mail.kind, mail.text) == ("reply", "Yes, call me.")


@pytest.mark.parametrize(
    "quotation",
    [
        '<div class="gmail_quote">On Mon Ines wrote:<blockquote><p>Remove me</blockquote></div>',
        "<blockquote type=cite><p>Remove me<p><a>Unsubscribe</a></blockquote>",
        "<div id=divRplyFwdMsg><b>From:</b> Ines</div>",
        "<script>remove me</script><!-- remove me --><style>p{}</style>",
    ],
)
def test_html_is_read_without_its_quotation(quotation: str) -> None:
    html = f"<html><head><title>x</title></head><p>Yes,<br>call&nbsp;me{quotation} &amp; Bob</html>"
    raw = f"From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}"
    mail = parse(raw.encode())
    assert (mail.kind, mail.text.split()) == ("reply", ["Yes,", "call", "me", "&", "Bob"])


def test_the_facts_of_a_letter() -> None:
    mail = letter("Yes", "References: <one@a.example>\r\n <two@b.example> <one@a.example>")
    assert mail.from_address == "ada@lead.example"
    assert mail.message_id == "<answer@lead.example>"
    assert mail.date == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert mail.references == ("<k3y@dripstone.example>", "<one@a.example>", "<two@b.example>")


def test_a_missing_message_id_is_made_from_the_bytes() -> None:
    raw = b"From: a@b.example\n\nHello"
    assert parse(raw).message_id == parse(raw).message_id
    assert parse(raw).message_id != parse(raw + b"!").message_id
    assert (parse(raw).date, parse(raw).references) == (None, ())


@pytest.mark.parametrize(
    "text", ["word " * 9_000, "x" * 90_000, "On " + "a " * 30_000, "\n" * 90_000]
)
def test_a_long_text_is_bounded(text: str) -> None:
    assert len(letter(text).text) <= 10_000


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"no header at all", b"\x00\xff" * 50])
def test_what_is_no_mail_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadableMail, match="hand over the raw message"):
        parse(raw)


@settings(max_examples=60)
@given(
    st.sampled_from(
        [
            b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n",
            b"Content-Type: message/delivery-status\r\n\r\n",
            b"Content-Type: text/plain; charset=no\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            b"Content-Type: text/html\r\n\r\n<p>",
            b"Content-Type: text/html\r\n\r\n" + b"<a b='" * 9_000 + b"<!--" * 999,
            b"Date: 99 Foo 99999 99:99\r\nSubject: =?utf-8?b?%%?=\r\nFrom: ",
        ]
    ),
    st.binary(max_size=300),
)
def test_bad_mime_raises_nothing_else(head: bytes, rest: bytes) -> None:
    assert parse(b"X-Any: 1\r\n" + head + rest).message_id


def test_endless_nesting_is_refused_and_no_crash() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(1_500)
    )
    with pytest.raises(UnreadableMail, match="keep the raw bytes"):
        parse(deep)

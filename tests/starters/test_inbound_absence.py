"""Inbound mail by auto-responders: what they are known by, and when somebody is back."""

from __future__ import annotations

from datetime import date

import pytest

from tests.starters.letters import letter


@pytest.mark.parametrize(
    ("subject", "header"),
    [
        ("Re: Ground movement", "Auto-Submitted: auto-replied"),
        ("Re: Ground movement", "Auto-Submitted: auto-generated (rejected)"),
        ("Re: Ground movement", "auto-submitted: Auto-Replied; owner-email=a@b.example"),
        ("Re: Ground movement", "Precedence: auto_reply"),
        ("Re: Ground movement", "Precedence: Bulk"),
        ("Re: Ground movement", "Precedence: junk"),
        ("Re: Ground movement", "X-Autoreply: yes"),
        ("Re: Ground movement", "X-Autorespond: Ground movement"),
        ("Re: Ground movement", "X-Mail-Autoreply: 1"),
        ("Re: Ground movement", "X-FC-MachineGenerated: true"),
        ("Re: Ground movement", "Return-Path: <>"),
        ("Re: Ground movement", "Delivered-To: Autoresponder"),
        ("Automatic reply: Ground movement", "X-Auto-Response-Suppress: All"),
        ("Auto-Reply: Ground movement", "X-Any: 1"),
        ("[EXTERNAL] Automatic reply: Ground movement", "X-Any: 1"),
        ("Automatische Antwort: Ground movement", "X-Any: 1"),
        ("Réponse automatique : Ground movement", "X-Any: 1"),
        ("Respuesta automática: Ground movement", "X-Any: 1"),
        ("Risposta automatica: Ground movement", "X-Any: 1"),
        ("Automatisch antwoord: Ground movement", "X-Any: 1"),
        ("Resposta automática: Ground movement", "X-Any: 1"),
        ("Autosvar: Ground movement", "X-Any: 1"),
        ("Automaattinen vastaus: Ground movement", "X-Any: 1"),
        ("Odpowiedź automatyczna: Ground movement", "X-Any: 1"),
        ("=?utf-8?b?6Ieq5YuV5b+c562U?=: Ground movement", "X-Any: 1"),
        ("Автоответ: Ground movement", "X-Any: 1"),
    ],
)
def test_an_automatic_answer_is_no_reply(subject: str, header: str) -> None:
    assert letter("We have received your mail.", header, subject=subject).kind == "auto_reply"


@pytest.mark.parametrize(
    "text",
    [
        "I am out of the office with limited access to mail.",
        "I'm on annual leave.",
        "Ich bin derzeit im Urlaub.",
        "Vielen Dank, ich bin nicht im Büro.",
        "Je suis absente du bureau.",
        "Estoy fuera de la oficina.",
        "Sono fuori ufficio.",
        "Ik ben afwezig.",
        "Estou de férias.",
        "Jestem na urlopie.",
        "休暇をいただいております。",
    ],
)
def test_an_automatic_answer_about_absence_is_out_of_office(text: str) -> None:
    assert letter(text, "Auto-Submitted: auto-replied").kind == "out_of_office"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am out of the office until 5 January.", date(2027, 1, 5)),
        ("Out of office, back on January 5th, 2027. Call +44 20 1234", date(2027, 1, 5)),
        ("On leave. I return to the office on Monday, November 30.", date(2026, 11, 30)),
        ("Out of office until 2026-12-03; our fair is on 2027-01-15.", date(2026, 12, 3)),
        ("I'm on vacation from 11/30/2026 to 12/14/2026.", date(2026, 12, 14)),
        ("I am out of office until Friday.", date(2026, 11, 27)),
        ("Out of the office, back tomorrow.", date(2026, 11, 24)),
        ("Out of office until 1/12.", date(2027, 1, 12)),
        ("Ich bin bis einschl. 05.01.2027 im Urlaub.", date(2027, 1, 5)),
        ("Abwesend vom 20.12. bis 5.1., danach wieder erreichbar.", date(2027, 1, 5)),
        ("Ich bin ab Montag, den 30. November 2026 wieder im Büro.", date(2026, 11, 30)),
        ("Ich bin im Urlaub und am 1. Dezember wieder da. Guten Morgen!", date(2026, 12, 1)),
        ("Je suis absent jusqu'au 5 janvier 2027.", date(2027, 1, 5)),
        ("Fuera de la oficina hasta el 1 de diciembre.", date(2026, 12, 1)),
        ("Sono fuori ufficio, rientro il 5 gennaio 2027.", date(2027, 1, 5)),
        ("I am on parental leave until 1 September 2027.", date(2027, 1, 22)),
        ("I was out of office until 5 November 2026.", None),
        ("I am out of the office. In urgent cases call us 24/7.", None),
        ("I am out of the office.", None),
    ],
)
def test_the_day_of_return_is_read(text: str, expected: date | None) -> None:
    mail = letter(text, "Auto-Submitted: auto-replied")
    assert (mail.kind, mail.return_date) == ("out_of_office", expected)

"""Words that, alone in a text message, mean "no more of these" or "again, please".

The first are those that carriers and the FCC name, then what people write in other languages.
"""

from __future__ import annotations

import re
import unicodedata

_READ = 1600


def _bare(text: str) -> str:
    """Letters alone, in small letters and without accents."""
    spread = unicodedata.normalize("NFKD", text[:_READ].casefold())
    return "".join(character for character in spread if character.isalpha())


_STOP = (
    "stop stopall unsubscribe cancel end quit revoke optout remove",
    "stopp abmelden abbestellen austragen beenden kuendigen kündigen",
    "arrêt arrêter désabonner désinscrire résilier",
    "alto parar baja cancelar desuscribir detener",
    "stoppen afmelden uitschrijven opzeggen",
    "pare sair descadastrar remover",
    "ferma fermare annulla disiscrivimi cancellami",
    "rezygnuję wypisz anuluj odhlásit zrušit",
    "stoppa avsluta avregistrera afmeld avmeld peru lopeta",
    "dur iptal стоп отписаться отмена",
    "停止 配信停止 退订 退訂 取消 수신거부 إلغاء توقف",
)
STOP_WORDS = frozenset(_bare(word) for line in _STOP for word in line.split())
"""Compared without case, accents, spaces and signs, so that "S.T.O.P." and "Stop all!" count."""

START_WORDS = frozenset(("start", "unstop"))
"""Not "yes": that is what people answer to a question, and it must not lift an opt-out."""

_ASKS = re.compile(
    r"(?:\b|^)(?:"
    r"stop\s+(?:texting|messaging|sending|contacting|sms)"
    r"|^(?:please\s+)?stop(?:\s+(?:it|this|that|now|please))*\W*$"
    r"|(?:do\s+not|don'?t|no\s+more)\s+(?:text|message|contact|sms|texts|messages)\b"
    r"|opt(?:ing|ed)?[\s-]?(?:me[\s-])?out"
    r"|(?:take|remove)\s+me\s+(?:off|from)"
    r"|(?:keine|nie\s+wieder|nicht\s+mehr)\s+(?:sms|nachrichten|schreiben)"
    r"|(?:plus\s+de|arr[eê]te[zr]?)\s+(?:sms|messages|textos|m'[ée]crire)"
    r"|no\s+(?:me\s+)?(?:envien?|manden?|escriban?)\s+m[aá]s"
    r")",
    re.I,
)


def asks_to_stop(text: str) -> bool:
    """Whether whoever wrote this wants no more text messages: a word alone, or a sentence."""
    return _bare(text) in STOP_WORDS or _ASKS.search(_one_line(text)) is not None


def asks_to_start(text: str) -> bool:
    """Whether the whole message is a word that takes an earlier STOP back."""
    return _bare(text) in START_WORDS


def _one_line(text: str) -> str:
    return " ".join(text[:_READ].replace("\u2019", "'").split())

"""The words by which people show interest, or decline, in several languages. Pure.

Who asks not to be written to at all is found by ``reply_words``, and before these.
"""

from __future__ import annotations

import re

_READ = 4_000  # characters


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


_DECLINES = _any_of(
    # English
    r"\bnot (?:really |currently |very |at all )?(?:interested|relevant|looking|for us|for me"
    r"|a (?:good |great )?(?:fit|match|priority)|(?:at|in) (?:this|the) (?:time|moment)|now)\b",
    r"\b(?:no|zero|don't have any|do not have any) (?:interest|need|budget)\b"
    r"|\bno,? thank(?:s| you)",
    r"\bwe(?:'re| are) all set\b|\bleave (?:me|us) alone\b|\bgo away\b",
    r"\b(?:we|i)(?:'ll| will)? (?:have to )?(?:pass|decline)\b|\bhappy with (?:our|what)\b",
    # German
    r"\b(?:kein(?:erlei)?|keinen) (?:interesse|bedarf)\b|\bnicht (?:daran )?(?:interessiert"
    r"|interessant|relevant)\b|\bnein,? (?:vielen )?dank|\bkommt (?:für (?:uns|mich) )?nicht in"
    r" (?:frage|betracht)\b|\bpasst (?:für uns |leider )?nicht\b",
    # French, Spanish
    r"\bpas (?:du tout )?intéress\w+|\bm'intéresse pas\b|\bnon,? merci\b|\baucun (?:intérêt"
    r"|besoin)\b|\bpas besoin\b",
    r"\bno (?:me |nos |le |les )?interesa\b|\bno (?:est(?:oy|amos) )?interesad\w+|\bno,? gracias\b"
    r"|\bno (?:lo )?necesit\w+",
    # Italian, Dutch, Portuguese, Swedish, Danish
    r"\bnon (?:mi |ci )?interess\w+|\bnon (?:sono|siamo) interessat\w|\bno,? grazie\b",
    r"\bgeen (?:interesse|behoefte)\b|\bniet geïnteresseerd\b|\bnee,? (?:bedankt|dank)",
    r"\bnão (?:me |nos )?interessa\b|\bnão (?:tenho|temos|est\w+) interess\w+"
    r"|\bnão,? obrigad\w\b",
    r"\binte intresserad\w*|\bnej,? tack\b|\bikke interesseret\b|\bnej,? tak\b",
)

_POSTPONES = _any_of(
    r"\b(?:right now|not now|(?:at|in) (?:this|the) (?:time|moment)|currently|later|next (?:year"
    r"|quarter|month|season)|(?:try|ask|come back) again)\b",
    r"\b(?:momentan|zurzeit|zur zeit|derzeit|im moment|aktuell|später)\b"
    r"|\bnächste[ns]? (?:jahr|monat)\b",
    r"\bpour (?:le moment|l'instant)\b|\bplus tard\b|\bpor (?:el momento|ahora)\b|\bmás adelante\b",
    r"\bper (?:il momento|ora)\b|\bop dit moment\b|\bmomenteel\b|\b(?:no|neste) momento\b"
    r"|\bjust nu\b|\bfor tiden\b",
)

_WELCOMES = _any_of(
    # English
    r"\binterest(?:ed|ing)\b|\bsounds (?:good|great|perfect|exciting)\b",
    r"\blet(?:'s|s| us) (?:talk|chat|meet|connect|schedule|set up|discuss|speak)\b",
    r"\b(?:please |pls )?(?:call|ring|phone) me\b|\bgive (?:me|us) a (?:call|ring)\b",
    r"\btell (?:me|us) more\b|\b(?:more|further) (?:info(?:rmation)?|details|about (?:it|this))\b",
    r"\b(?:send|share|forward) (?:me|us|over|along) \w+|\b(?:book|schedule|arrange) (?:a|some)\b",
    r"\b(?:happy|glad|keen|like|love) to (?:talk|chat|meet|hear|learn|know|see|discuss|connect)\b",
    r"\b(?:what|how much) (?:does|would|do|is) (?:it|this|that|you|your|the)\b[^.?!]{0,40}"
    r"\b(?:cost|charge|price|pricing)\b|\bwhen (?:are|would) you\b",
    # German
    r"\bklingt (?:gut|spannend|interessant|super)\b|\brufen sie (?:mich|uns)\b|\bruf mich\b",
    r"\binteressier(?:t|en) (?:mich|uns)\b|\b(?:bin|sind) (?:sehr |grundsätzlich )?interessiert\b",
    r"\b(?:habe|haben|hätte|hätten|großes) (?:großes )?interesse\b|\b(?:schicken|senden) sie (?:mir"
    r"|uns)\b|\bmehr (?:infos?|informationen|erfahren|dazu)\b|\btermin (?:vereinbaren|machen|aus)",
    # French, Spanish
    r"\b(?:suis|sommes|serais) (?:très )?intéressé\w*|\bm'intéresse\b|\b(?:r?appelez|contactez)-"
    r"(?:moi|nous)\b|\b(?:envoyez|transmettez)-(?:moi|nous)\b|\ben savoir (?:plus|davantage)\b",
    r"\b(?:me|nos) interesa\b|\b(?:estoy|estamos) (?:muy )?interesad\w+|\bll[aá]m(?:e|a|en)me\b"
    r"|\benv[ií](?:e|a|en)(?:me|nos)\b|\bmás información\b|\b(?:agendar|concertar) una\b",
    # Italian, Dutch, Portuguese, Swedish
    r"\b(?:mi|ci) interessa\b|\b(?:sono|siamo|sarei) (?:molto )?interessat\w|\bmi chiami\b"
    r"|\bchiamatemi\b|\b(?:maggiori|più) informazioni\b|\b(?:mi|ci) (?:mandi|invii)\b",
    r"\bklinkt (?:goed|interessant)\b|\b(?:ik heb|wij hebben|we hebben) interesse\b"
    r"|\bbel (?:me|mij)\b|\bmeer (?:informatie|weten)\b|\bstuur (?:me|mij|ons)\b",
    r"\b(?:tenho|temos) interesse\b|\b(?:estou|estamos) interessad\w+|\b(?:ligue-me|me ligue)\b"
    r"|\bmais informações\b|\b(?:envie-me|me envie|mande-me|me mande)\b",
    r"\b(?:jag|vi) är intresserad\w*|\blåter (?:bra|intressant)\b|\bring mig\b|\bmer information\b",
)


def declines(text: str) -> bool:
    """Whether the writer turns it down."""
    return _DECLINES.search(_flat(text)) is not None


def postpones(text: str) -> bool:
    """Whether it is about now alone: who declines like that may want to hear from us later."""
    return _POSTPONES.search(_flat(text)) is not None


def welcomes(text: str) -> bool:
    """Whether the writer shows interest, apart from what turns it down ("not interested")."""
    return _WELCOMES.search(_DECLINES.sub(" ", _flat(text))) is not None


def _flat(text: str) -> str:
    return " ".join(text[:_READ].replace("\u2019", "'").replace("\u2010", "-").split())

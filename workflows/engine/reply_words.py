"""The words of inbound mail in several languages: asking to be removed, being away, machines.

Recall comes first for removal: a wrong stop is mended by a person, a missed one is a broken law.
All functions are pure and read at most the beginning of a text.
"""

from __future__ import annotations

import re

_READ = 4_000  # characters; whoever asks to be removed does so near the top


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


_NOT = r"(?<!n't )(?<!not )(?<!never )"
_WHOM = r"(?:me|us|my|our|this)"

_REMOVAL = _any_of(
    # English
    rf"{_NOT}\bunsubscrib(?:e|ing) (?:{_WHOM}|please|from|now|immediately)\b",
    r"\b(?:please|pls|kindly|to|(?:do|can|i|we)) unsubscribe\b",
    r"\b(?:already|have|i've|we've) (?:opted out|unsubscribed)\b",
    rf"{_NOT}\b(?:remove|delete|erase|strike) {_WHOM}\b",
    rf"{_NOT}\btake {_WHOM}(?: [\w-]+){{0,3}} off\b",
    r"\boff (?:of )?(?:your|this|the|any) (?:mailing |e-?mail |contact )*lists?\b",
    rf"\bopt(?:ing)?[ -](?:{_WHOM} )?out\b",
    r"\b(?:stop|quit|cease) (?:sending|e-?mailing|mailing|contacting|writing|spamming|messaging"
    r"|bothering|all (?:e-?mails?|contact))\b",
    r"\b(?:do not|don't|dont|never) (?:ever )?(?:contact|e-?mail|mail|write(?: to)?|message|bother"
    r"|spam) (?:me|us|this)\b",
    r"\b(?:do not|don't|dont|never) (?:ever )?send (?:me|us) (?:any|more|further|e-?mails?|mails?"
    r"|messages?|these|this|such|spam|stuff)\b",
    r"\bno (?:more|further) (?:e-?mails?|mails?|messages?|contact|communications?)\b",
    r"\b(?:no longer|not|don't|dont|never) (?:want|wish|like|care|interested in)"
    r"(?: to| in| any| more| your| these| be){0,3} (?:receiv\w+|get(?:ting)?|hear(?:ing)? from"
    r"|contacted|e-?mailed|e-?mails|mails)\b",
    # German
    r"\b(?:bitte|mich|uns) (?:bitte )?(?:sofort |umgehend |hier )?(?:abmelden|abbestellen"
    r"|austragen)\b",
    r"\b(?:mich|uns|meine (?:daten|adresse|e-?mail\S*)) (?:bitte )?(?:aus [\w ]{1,40})?"
    r"(?:zu )?(?:löschen|entfernen|streichen)\b",
    r"\b(?:melden|tragen|nehmen|streichen|löschen|entfernen) sie (?:bitte )?(?:mich|uns"
    r"|meine (?:daten|adresse|e-?mail\S*))\b(?! (?:an|ein|ernst|mit))",
    r"\b(?:lösch|entfern|streich|nimm|nehmt|trag|tragt)e?t? (?:bitte )?(?:mich|uns)\b",
    r"\baus (?:dem|ihrem|eurem|deinem) (?:e-?mail-?)?verteiler\b",
    r"\baus (?:der|ihrer|eurer|deiner) (?:mailing|e-?mail|adress|kontakt)?-?(?:liste|datenbank)\b",
    r"\bkeine (?:weiteren |solchen )?(?:e-?mails?|mails?|nachrichten|werbung|werbemails|newsletter)"
    r"\b(?! bekommen)",
    r"\bnicht (?:mehr|weiter) (?:kontaktier|anschreib|angeschrieb|schreib|anmail|kontaktiert)",
    r"\bhören sie auf,? (?:mir|uns|mich)\b",
    # French
    r"\bdés(?:abonn|inscri)(?:ez|er|s|re|vez)?(?:-moi|-nous)?\b",
    r"\b(?:retirez|supprimez|enlevez|effacez|radiez)-(?:moi|nous)\b",
    r"\b(?:me|nous|m') ?(?:désabonner|désinscrire|retirer|supprimer|enlever)\b",
    r"\bplus (?:recevoir|être contacté|de (?:mails?|courriels?|messages?|e-?mails?))",
    r"\bne (?:me|nous|m') ?\w+ plus\b",
    r"\bne (?:plus )?(?:m'|me|nous) ?(?:plus )?(?:contacter|écrire|envoyer|solliciter)\b",
    r"\b(?:arrêtez|cessez|stoppez) de (?:m'|me|nous)",
    r"\bde (?:votre|vos) listes?(?: de diffusion)?\b",
    # Spanish
    r"\b(?:dar|de|den|dé|da|dan)(?:me|nos|nme)? de baja\b",
    r"\bbaja de (?:la|su|esta) lista\b",
    r"\bno (?:\w+ )?(?:quiero|deseo|queremos|deseamos) (?:más )?(?:recibir|seguir recibiendo)\b",
    r"\bno (?:me|nos) (?:escrib|contact|env[ií]|mand)\w+ más\b",
    r"\b(?:dej|par)(?:e|en|a|ad) de (?:enviar|escribir|mandar|contactar)",
    r"\b(?:elim[ií]n|b[óo]rr|qu[ií]t|rem[uú][eé]v)(?:e|en|a)(?:me|nos)\b",
    r"\bcancelar (?:la |mi )?suscripci",
    # Italian, Dutch, Portuguese, Danish, Swedish
    r"\b(?:cancell|rimuov|disiscriv)(?:ate|ete|a|i)(?:mi|ci)\b",
    r"\bnon (?:desidero|voglio|vogliamo) (?:più )?ricevere\b",
    r"\bsmett(?:a|ete|ere|i|ila) di (?:scriv|inviar|mandar|contattar)",
    r"\b(?:verwijder|haal|schrijf) (?:mij|me|ons)\b",
    r"\bgeen (?:e-?mails?|mails?|berichten) meer\b",
    r"\bniet meer (?:mailen|contacteren|benaderen|ontvangen)\b",
    r"\b(?:quero|desejo|queremos) (?:mais )?receber mais\b",
    r"\bnão (?:quero|desejo) (?:mais )?receber\b",
    r"\b(?:remova|retire|exclua|descadastre)(?:m)?-me\b|\bme (?:remova|retire|descadastre)\b",
    r"\b(?:fjern|afmeld|slet) mig\b|\b(?:ta bort|avregistrera) mig\b",
)

_REMOVAL_ALONE = re.compile(
    r"\W*(?:(?:please|pls|bitte|merci|por favor|svp|graag|thanks|thank you|danke|now|me|all)\W+)*"
    r"(?:un-?subscribe|stop(?: it| this| now)?|remove(?: me)?|opt[- ]?out|abmelden|abmeldung"
    r"|abbestellen|austragen|désabonner|désabonnement|désinscription|désinscrire|arrêt|arrêtez"
    r"|baja|darse de baja|no más|cancella(?:mi)?|afmelden|uitschrijven|descadastrar|cancelar"
    r"|afmeld|avregistrera)"
    r"(?:\W+(?:please|pls|bitte|merci|por favor|svp|graag|thanks|thank you|danke|me|now|all))*\W*",
    re.I,
)

_AWAY = _any_of(
    r"\bout[ -]of[ -](?:the[ -])?office\b|\booo\b|\bout of town\b",
    r"\b(?:on|annual|parental|maternity|paternity|sick|medical) (?:leave|vacation|holidays?|pto)\b",
    r"\bon (?:my )?(?:annual |summer |winter )?(?:leave|vacation|holidays?|pto|sabbatical)\b",
    r"\b(?:am|be|is|'m|currently) (?:currently )?(?:away|travell?ing|unavailable)\b",
    r"\baway (?:from|until|on)\b",
    r"\b(?:back|return(?:ing)?) (?:in|to|at|on) (?:the )?(?:office|work)\b",
    r"abwesen(?:d|heit)|\bim urlaub\b|\burlaub\b|\bnicht (?:im büro|im haus|erreichbar)\b",
    r"\baußer haus\b|\bwieder (?:da|erreichbar|zurück|im büro|für sie da)\b|\belternzeit\b",
    r"\babsen(?:t|te|ce)\b|\bde retour\b|\ben congés?\b|\ben vacances\b|\ben déplacement\b",
    r"\bfuera de (?:la )?oficina\b|\bde vacaciones\b|\bausen(?:te|cia)\b|\bpermiso\b",
    r"\bfuori (?:ufficio|sede)\b|\bin ferie\b|\bassen(?:te|za)\b",
    r"\bafwezig\b|\bop vakantie\b|\bbuiten kantoor\b|\bniet aanwezig\b",
    r"\bfora do escritório\b|\bde férias\b|\bausência\b",
    r"\bpoza biurem\b|\burlop\w*|\bnieobecno\w+|\bfrånvar\w+|\bsemester\b|\bikke på kontoret\b",
    r"\bferie\b|\blomalla\b|\bpoissa\b|\bofis d\u0131\u015f\u0131\w*|不在|休暇|外出|休假",
    r"отпуск\w*|отсутств\w+",
)

_MACHINE_SUBJECT = re.compile(
    r"\s*(?:\[[^\]]{1,20}\]\s*)?(?:"
    r"auto(?:matic|mated)?[ -]?(?:reply|response|answer|acknowledg\w+)\b|autoreply\b|autoresponse\b"
    r"|auto:|out[ -]of[ -](?:the[ -])?office\b|ooo\b|away from the office\b|on vacation\b"
    r"|automatische (?:antwort|rückantwort)|abwesenheits\w+|abwesend\b|abwesenheit\b"
    r"|réponse automatique|message d'absence|absence du bureau|absent\b"
    r"|respuesta automática|fuera de (?:la )?oficina|resposta automática|ausência"
    r"|risposta automatica|fuori (?:ufficio|sede)|automatisch antwoord|afwezig"
    r"|auto ?svar|autosvar|automatiskt? svar|automaattinen vastaus|autom\. svar|frånvaro"
    r"|automatyczna odpowiedź|odpowiedź automatyczna|automatická odpověď|automatikus válasz"
    r"|otomatik yan\u0131t|автоответ|автоматический ответ|自動(?:応答|返信)|自动(?:回复|答复)"
    r"|thank you for (?:contacting|your (?:e-?mail|message|enquiry|inquiry))"
    r")",
    re.I,
)


def asks_to_be_removed(text: str, subject: str = "") -> bool:
    """Whether the writer asks not to be written to; ``text`` must be free of quoted mail.

    A bare word such as "unsubscribe" counts as the first line only, or as the whole subject, so
    that a footer further down does not speak for the writer.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    if any(_REMOVAL_ALONE.fullmatch(line[:80]) for line in (first, subject) if line.strip()):
        return True
    return _REMOVAL.search(_flat(text)) is not None


def says_away(text: str) -> bool:
    """Whether an automatic answer speaks of absence."""
    return _AWAY.search(_flat(text)) is not None


def is_machine_subject(subject: str) -> bool:
    """Whether a subject is one that only auto-responders write (``Re:`` before it is a person)."""
    return _MACHINE_SUBJECT.match(_flat(subject)) is not None


def _flat(text: str) -> str:
    return " ".join(text[:_READ].replace("\u2019", "'").replace("\u2010", "-").split())

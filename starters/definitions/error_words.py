"""How pydantic's kinds of errors are said to authors: what a value must be."""

from __future__ import annotations

from pydantic_core import ErrorDetails

_DAY = "must be a day of the calendar such as 2026-11-21"
_INSTANT = "must be an instant such as 2026-11-21T09:00:00Z"
_WORDS = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "value_type": "must be text of at most 1000 characters, a number, true or false",
    "tuple_type": "must be a list: write [a, b], or one item a line after '- '",
    "dict_type": "must be a group of fields, each as 'field: value'",
    "model_type": "must be a group of fields, each as 'field: value'",
    "model_attributes_type": "must be a group of fields, each as 'field: value'",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_aware": f"{_INSTANT}, with its zone",
}
_LENGTHS = {
    "too_short": ("must have at least {min_length} item", "min_length"),
    "too_long": ("must have at most {max_length} item", "max_length"),
    "string_too_short": ("must have at least {min_length} character", "min_length"),
    "string_too_long": ("must have at most {max_length} character", "max_length"),
}
_PATTERNS = {
    r"^[a-z][a-z0-9_-]{0,62}$": "must be a name of at most 63 characters: small letters, digits, "
    "'_' and '-', a letter first",
    r"^[a-z][a-z0-9_]{0,62}$": "must be a kind of event: small letters, digits and '_'",
    r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$": "must be a time of day such as 09:00 or 17:30",
    r"^([01]\d|2[0-3]):[0-5]\d$": "must be a time of day such as 09:00 or 17:30",
    r"^[A-Za-z][A-Za-z0-9_]{0,79}$": "must be a field's name: letters, digits and '_'",
    r"^[A-Za-z][A-Za-z0-9_]{0,99}$": "must be a field's name: letters, digits and '_'",
    r"^[A-Za-z][A-Za-z0-9_]{0,39}$": "must be a name of at most 40 characters: letters, digits and "
    "'_', a letter first",
    r"^\d{4}-\d{2}-\d{2}$": _DAY,
    r"^(|/|/[^/].*|https://.+)$": "must begin with '/', or be a whole address with https://",
    r"^[^.\s]+(\.[^.\s]+)*$": "must be a path such as result.offers.0.price",
    r"^701[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?$": "must be the id of a campaign at Salesforce: 701 "
    "and 12 or 15 letters and digits",
    r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$": "must be a country such as US, or a part of one such as DE-BY",
}


def in_words(detail: ErrorDetails) -> str | None:
    """What a value must be and what it is, to be read after its name; None if there are no words.

    Pydantic's own words are for programmers.
    """
    kind, context, given = detail["type"], detail.get("ctx", {}), shown(detail["input"])
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return f"is {given}, but {_PATTERNS.get(pattern, f'must match {pattern}')}"
    if kind in _LENGTHS:
        words, limit = _LENGTHS[kind]
        length = context.get("actual_length") or len(detail["input"])
        plural = "s" if context[limit] != 1 else ""
        return f"{words.format_map(context)}{plural}, not {length}"
    return f"{_WORDS[kind].format_map(context)}, not {given}" if kind in _WORDS else None


def shown(given: object) -> str:
    """A value as it is told to its author; what is long or has parts is only named."""
    if isinstance(given, dict | list):
        return "a group of fields" if isinstance(given, dict) else "a list"
    return "nothing" if given is None else repr(given)[:60]

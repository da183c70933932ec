"""The strict reader: what YAML would make of plain words, and what hostile files may not do."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from starters.definitions.strict_yaml import DEEPEST, LARGEST, MOST_NODES, read

LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE: dict[str, tuple[bytes, int, str]] = {
    "a billion laughs": (LAUGHS.encode(), 1, "&a is an anchor"),
    "an alias": (b"a: 1\nb: *a\n", 2, "*a is an alias"),
    "a merge key": (b"a: 1\n<<: {b: 2}\n", 2, "<< is a merge key"),
    "a tag that runs code": (b"a: !!python/object/apply:os.system [ls]\n", 1, "is a tag"),
    "a tag of one's own": (b"a: 1\nb: !secret x\n", 2, "!secret is a tag"),
    "a harmless tag": (b"a: !!str 5\n", 1, "quotes make text"),
    "a key twice": (b"a: 1\nb: 2\na: 3\n", 3, "'a' is there twice: it is on line 1 already"),
    "a key twice, quoted": (b"a: 1\n'a': 3\n", 2, "'a' is there twice"),
    "deep lists": (b"[" * 100_000, 1, f"nested more than {DEEPEST} deep"),
    "deep groups": (b"".join(b" " * n + b"a:\n" for n in range(100)), 22, "nested more than"),
    "too many values": (b"- x\n" * (MOST_NODES + 1), MOST_NODES, f"more than {MOST_NODES} values"),
    "too large": (b"#" * (LARGEST + 1), 1, "larger than 256 KB"),
    "a key that is a list": (b"? [a, b]\n: c\n", 1, "a key must be a plain word"),
    "a second document": (b"a: 1\n---\nb: 2\n", 2, "one file, one document"),
    "nothing": (b"# nothing\n", 1, "the file is empty"),
    "another encoding": ("a: x\nb: ü".encode("latin-1"), 2, "not in UTF-8"),
    "a control character": (b"a: \x01\n", 1, "characters that may not be in text"),
    "text with a colon": (b"a: call: now\n", 1, "stands in quotes, or on lines below '>-'"),
    "a colon too many": (b"a: 1\nb: c: d\n", 2, "this is no YAML"),
    "a tabulator": (b"a:\n\t- b\n", 2, "this is no YAML"),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_hostile_file_is_refused_on_its_line(attack: str) -> None:
    data, line, phrase = HOSTILE[attack]
    _, problems = read(data)
    found = [(problem.line, problem.message) for problem in problems]
    assert [said for at, said in found if at == line and phrase in said], found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(word, word) for word in ("NO", "no", "on", "off", "yes", "y", "True", "NULL", ".inf")],
        *[
            (word, word)
            for word in ("08:30", "1:30:00", "007", "0x1F", "0o17", "1_000", "1e3", "+1")
        ],
        *[(word, word) for word in ("2026-03-02", "1.", ".5", "=", "9" * 16)],
        ("'5'", "5"),
        ('"true"', "true"),
        ("|\n  5", "5"),
        ("5", 5),
        ("-3", -3),
        ("0", 0),
        ("1.10", 1.1),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_only_plain_numbers_truths_and_null_are_more_than_text(text: str, value: JsonValue) -> None:
    document, problems = read(f"a: {text}".encode())
    assert problems == ()
    assert document is not None
    assert document.value == {"a": value}


def test_keys_stay_text() -> None:
    document, _ = read(b"on: 1\n5: 2\ntrue: 3\n'<<': 4\n")
    assert document is not None
    assert document.value == {"on": 1, "5": 2, "true": 3, "<<": 4}


def test_every_value_knows_its_line_and_an_absent_one_that_of_its_group() -> None:
    document, _ = read(b"a:\n  b:\n  - c\n  - d: 1.50\n")
    assert document is not None
    assert document.line(("a", "b", 1, "d")) == 4
    assert document.line(("a", "b", 1, "absent", "deeper")) == 4
    assert document.line(("absent",)) == 1
    assert document.at(("a", "b", 0)) == "c"
    assert document.at(("a", "b", 7)) is None
    assert document.at(("a", "x", "y")) is None
    assert document.written == {("a", "b", 1, "d"): "1.50"}


def test_several_problems_are_told_together() -> None:
    _, problems = read(b"a: &x 1\nb: *x\na: 2\nc: [\n")
    assert [problem.line for problem in problems] == [1, 2, 3, 5]

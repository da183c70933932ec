"""The settings of the codec: two ways to write the keys, and mistakes that do not tell them."""

from __future__ import annotations

import base64
import json
import os
import traceback

import pytest

from starters.commands.opened import WrongSettings, settings_of_environment

KEY = base64.b64encode(bytes(range(32))).decode()
SHORT = base64.b64encode(b"far too short").decode()


def of(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name in [name for name in os.environ if name.startswith("DRIPSTONE_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(f"DRIPSTONE_CODEC__{name}", value)


@pytest.mark.parametrize(
    "variables",
    [
        {"KEYS__2026A": KEY, "KEYS__2026B": KEY},
        {"KEYS": json.dumps({"2026a": KEY, "2026b": KEY})},
        {"KEYS": json.dumps({"2026a": KEY}), "KEYS__2026B": KEY},
    ],
)
def test_keys_are_variables_of_their_own_or_one_object(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    of(monkeypatch, ACTIVE="2026b", **variables)
    codec = settings_of_environment().codec
    assert codec
    assert (sorted(codec.keys), codec.active) == (["2026a", "2026b"], "2026b")
    assert KEY not in repr(codec)


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"KEYS__A": SHORT, "ACTIVE": "a"}, "the key a is not 32 bytes"),
        ({"KEYS__A": KEY + "*", "ACTIVE": "a"}, "the key a is not 32 bytes"),
        ({"KEYS__A": KEY}, "ACTIVE: Field required"),
        ({"ACTIVE": "a"}, "KEYS: Field required"),
        ({"KEYS__A": KEY, "ACTIVE": "b"}, "ACTIVE must be the id of one of KEYS"),
        ({"KEYS__NONE": KEY, "ACTIVE": "none"}, "no key can have the id none"),
        ({"KEYS": KEY, "ACTIVE": "a"}, 'field "codec"'),
        ({"KEYS__A": KEY, "ACTIVE": "a", "SERVER_TOKEN": "short"}, "at least 16"),
    ],
)
def test_a_mistake_is_named_and_the_key_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], says: str
) -> None:
    of(monkeypatch, **variables)
    with pytest.raises(WrongSettings, match=r"(?i)codec") as refused:
        settings_of_environment()
    assert says in str(refused.value)
    shown = "".join(traceback.format_exception(refused.value))
    assert KEY not in shown
    assert SHORT not in shown

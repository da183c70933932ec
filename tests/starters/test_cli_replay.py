"""``dripstone replay``: the code at hand decides as the recorded one did, or it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from starters.cli import run

HISTORIES = Path(__file__).parents[1] / "histories"


def test_a_recorded_history_replays_from_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", "--file", str(HISTORIES / "reply-1.json"), "--json"]) == 0
    (done,) = json.loads(capsys.readouterr().out)
    assert (done["problem"], done["events"] > 20) == ("", True)


def test_a_history_that_the_code_would_not_write_is_told_and_is_a_no(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = json.loads((HISTORIES / "timeout-1.json").read_text())
    for event in history["events"]:
        activity = event.get("activityTaskScheduledEventAttributes")
        if activity and activity["activityType"]["name"] == "close":
            activity["activityType"]["name"] = "shut"
    file = tmp_path / "other.json"
    file.write_text(json.dumps(history))
    assert run(["replay", "--file", str(file)]) == 1
    assert "DIFFERS" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "says"), [("{", "not JSON"), ("[3]", "no workflow history"), ("", "not JSON")]
)
def test_a_file_that_is_no_history_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    file = tmp_path / "some.json"
    file.write_text(text)
    assert run(["replay", "--file", str(file)]) == 1
    told = capsys.readouterr().err
    assert says in told
    assert "some.json" in told


def test_a_file_and_an_enrollment_at_once_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", "--file", "x.json", "enrollment:a:sf-1"]) == 2
    assert "either" in capsys.readouterr().err

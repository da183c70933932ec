"""What commands say and do while Temporal or the ledger is away, or a setting is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starters.commands import Commands

LEAD = ("--lead", "a-1")


@pytest.fixture
def entered(cut_off: Commands) -> Commands:
    """A lead that has entered while Temporal was down."""
    cut_off.enabled("calm")
    done = cut_off("enroll", "calm", *LEAD, "--email", "ada@example.com")
    assert (done.status, "not started yet" in done.out) == (0, True)
    return cut_off


def test_a_removed_lead_is_stopped_though_temporal_is_down(entered: Commands) -> None:
    done = entered("remove", "-a", "calm", *LEAD, "--json")
    assert (done.status, done.document["removed"], done.document["told"]) == (0, True, False)
    told = entered("status", "-a", "calm", *LEAD)
    assert "closing: manually_removed" in told.out


def test_a_suppressed_person_is_stopped_though_temporal_is_down(entered: Commands) -> None:
    done = entered("suppress", "--email", "ADA@example.com")
    assert done.status == 0
    assert "stopped: enrollment:calm:a-1" in done.out
    assert "once Temporal is back" in done.out


def test_an_event_is_kept_though_temporal_is_down(entered: Commands) -> None:
    done = entered("emit", "clicked", *LEAD)
    assert (done.status, "once Temporal is back" in done.out) == (0, True)


def test_what_the_ledger_knows_is_told_though_temporal_is_down(entered: Commands) -> None:
    assert entered("list", "--json").document["enrollments"][0]["state"] == "admitted"
    assert "the ledger says admitted" in entered("status", "-a", "calm", *LEAD).out
    assert "is not known" in entered("report", "calm").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("worker",),
        ("pause", "-a", "calm", *LEAD),
        ("list", "--state", "held"),
    ],
)
def test_what_needs_temporal_says_where_it_was_looked_for(
    entered: Commands, arguments: tuple[str, ...]
) -> None:
    done = entered(*arguments)
    assert (done.status, done.out) == (1, "")
    assert "127.0.0.1:1" in done.err
    assert done.err.count("\n") == 1


def test_no_worker_is_told_apart_from_no_temporal(dripstone: Commands) -> None:
    dripstone.enabled("idle")
    enrollment = "enrollment:idle:w-1"
    assert dripstone("enroll", "idle", "--lead", "w-1").status == 0
    removed = dripstone("remove", enrollment)
    assert (removed.status, "no send begins any more" in removed.out) == (0, True)


def test_settings_that_cannot_be_are_named_and_not_repeated(cut_off: Commands) -> None:
    done = cut_off("list", DRIPSTONE_SMTP__PORT="secret", DRIPSTONE_SLACK__BASE_URL="ftp://secret")
    assert (done.status, done.out, "secret" in done.err) == (2, "", False)
    for variable in ("DRIPSTONE_SMTP__PORT", "DRIPSTONE_SLACK__TOKEN"):
        assert variable in done.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////proc/nothing/ledger.db", "ledger"),
        ("postgresql://127.0.0.1:1/ledger", "the database is up"),
        ("mysql://127.0.0.1/ledger", "use sqlite"),
        ("nonsense", "DRIPSTONE_LEDGER_URL"),
    ],
)
def test_a_ledger_that_cannot_be_used_is_named(cut_off: Commands, url: str, said: str) -> None:
    done = cut_off("list", DRIPSTONE_LEDGER_URL=url)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert "unexpected" not in done.err


def test_a_ledger_that_is_no_database_is_named(cut_off: Commands) -> None:
    Path(cut_off.directory, "ledger.db").write_text("this is no database, it is a letter" * 99)
    done = cut_off("list")
    assert (done.status, "unexpected" in done.err, "ledger" in done.err) == (1, False, True)


@pytest.mark.parametrize("content", ["centers: [", "centres: {}", "centers: {default: 5}"])
def test_a_connections_file_that_cannot_be_used_is_named(cut_off: Commands, content: str) -> None:
    file = cut_off.file("connections.yaml", content)
    done = cut_off("list", DRIPSTONE_CONNECTIONS=file)
    assert (done.status, file in done.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("list",), 0),
        (("worker",), 1),
        (("nonsense",), 2),
    ],
)
def test_a_process_ends_with_its_status_and_without_a_traceback(
    cut_off: Commands, arguments: tuple[str, ...], status: int
) -> None:
    done = cut_off.process(*arguments)
    assert done.status == status, done
    assert "Traceback" not in done.err


def test_a_traceback_is_there_for_who_asks(cut_off: Commands) -> None:
    assert "Traceback" in cut_off("--traceback", "report", "nothing").err

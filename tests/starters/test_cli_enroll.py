"""Leads from files and from options: what enters, what is refused, and what repeating changes."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import time
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from tests.starters.commands import PROGRAM, ROOT, Commands, Result

LEAD = "00Q5e00001AbCdEEAV"  # 18 characters, with the checksum of its first 15


@pytest.fixture
def spring(cut_off: Commands) -> Commands:
    cut_off.enabled("spring")
    return cut_off


def imported(commands: Commands, content: str | bytes, *more: str, name: str = "l.csv") -> Result:
    return commands("enroll", "spring", "--file", commands.file(name, content), "--json", *more)


def rejected(result: Result) -> list[list[str]]:
    path = result.document["rejected_file"]
    return list(csv.reader(StringIO(Path(path).read_text("utf-8"), newline="")))


ADA = "E-Mail,First Name,Größe\nada@example.com,Ada,groß\n"


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (ADA.encode(), "utf-8", ""),
        (ADA.encode("utf-8-sig"), "utf-8-sig", ""),
        (ADA.encode("utf-16"), "utf-16", ""),
        (ADA.encode("cp1252"), "cp1252", "read as Windows-1252"),
        (ADA.replace(",", ";").encode(), "utf-8", ""),
        (ADA.replace(",", "\t").encode(), "utf-8", ""),
        (ADA.replace("\n", "\r\n").encode(), "utf-8", ""),
        (("sep=;\n" + ADA.replace(",", ";")).encode(), "utf-8", ""),
        (ADA.replace("Ada,", '"Ada, ""A""\nLovelace",').encode(), "utf-8", ""),
    ],
)
def test_a_table_is_read_as_it_was_saved(
    spring: Commands, content: bytes, encoding: str, said: str
) -> None:
    done = imported(spring, content)
    assert (done.status, done.document["entered"]) == (0, 1), done
    assert done.document["encoding"] == encoding
    assert said in done.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 a workbook", "save the sheet as CSV"),
        (ADA.encode("utf-16-le"), "zero bytes"),
        (b"\x81\x8d\x8f\x90", "neither utf-8 nor cp1252"),
        (b"\xef\xbb\xbfE-Mail\n\xff\n", "neither utf-8-sig"),
        (b"Name;Phone\nAda;1\n", "no column says who the lead is"),
        (b"Email,E-mail\na@example.com,\n", "columns 1 and 2 both fill 'email'"),
        (b"Email,\na@example.com,x\n", "column 2 has no name"),
        (b"\nEmail\n", "the first line is empty"),
        (b'Email,"Na\n', "is broken"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    spring: Commands, content: bytes, said: str
) -> None:
    done = imported(spring, content)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_file_that_is_not_there_is_refused(spring: Commands) -> None:
    done = spring("enroll", "spring", "--file", "none.csv")
    assert (done.status, "No such file" in done.err) == (1, True)


def test_a_broken_row_costs_itself_and_no_other(spring: Commands) -> None:
    done = imported(
        spring,
        "email,name\na@example.com,A\n"
        'b@example.com,"B\nc@example.com,C\nd@example.com,D\n'
        'e@example.com,"E" x\n'
        "f@example.com,F,more\nno address,G\n,H\n\ni@example.com,I\n"
        f"j@example.com,{'x' * 40_000}\n"
        'k@example.com,"K\nl@example.com,L\n',
    )
    assert (done.status, done.document["entered"], done.document["rejected"]) == (0, 5, 7)
    _, *rows = rejected(done)
    assert [row[0] for row in rows] == ["3", "6", "7", "8", "9", "12", "13"]
    said = ("quotes", "quotes", "3 cells", "email:", "email: empty", "32 KB", "never closed")
    assert all(text in row[1] for text, row in zip(said, rows, strict=True)), rows


def test_rejected_cells_are_harmless_in_a_spreadsheet(spring: Commands) -> None:
    formulas = ["=1+1", "+1", "-1", "@a", "\n=1+1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a"]
    cells = [*formulas, "plain"]
    done = imported(spring, "email,note\n" + "".join(f'none,"{cell}"\n' for cell in cells))
    assert done.status == 1, "not one row could be read"
    assert [row[3] for row in rejected(done)[1:]] == [*(f"'{one}" for one in formulas), "plain"]


def test_salesforce_ids_are_known_in_all_their_shapes(spring: Commands) -> None:
    done = imported(
        spring,
        "LeadId,ContactId,Email\n"
        f"{LEAD},,a@example.com\n{LEAD[:15]},,a@example.com\n{LEAD.upper()},,b@example.com\n"
        f"crm-17,,c@example.com\nada@example.com,,d@example.com\n{LEAD[:17]}A,,e@example.com\n",
    )
    assert (done.document["entered"], done.document["rejected"]) == (2, 3)
    listed = spring("list", "--json").document["enrollments"]
    assert {one["lead"] for one in listed} == {f"sf-{LEAD}", "crm-17"}
    reasons = [row[1].split(":")[0] for row in rejected(done)[1:]]
    assert reasons == ["same person as line 2", "id", "lead id", "id"]


def test_two_rows_of_one_person_are_told_apart(spring: Commands) -> None:
    done = imported(spring, "id,email\na-1,Ada@Example.com\na-2,ada+x@example.com\n")
    assert (done.document["entered"], done.document["refused"]) == (1, {"same person": 1})
    assert rejected(done)[1][:2] == ["3", "same person as line 2"]


def test_a_file_given_again_changes_nothing(spring: Commands) -> None:
    content = "email\na@example.com\na@example.com\nb@example.com\n"
    first = imported(spring, content).document
    again = imported(spring, content).document
    assert (first["entered"], first["entered_before"]) == (2, 0)
    assert (again["entered"], again["entered_before"]) == (0, 2)
    assert first["refused"] == again["refused"] == {"same person": 1}
    anew = imported(spring, content, "--again").document
    assert anew["refused"] == {"already enrolled": 3}


def test_an_import_goes_on_where_it_was_cut_off(spring: Commands) -> None:
    rows = [f"lead{number}@example.com" for number in range(6)]
    whole = "email\n" + "\n".join(rows) + "\n"
    assert imported(spring, whole, name="l.csv").document["entered"] == 6
    done = imported(spring, whole + "late@example.com\n", name="longer.csv").document
    assert (done["entered"], done["refused"]) == (1, {"already enrolled": 6})


def test_an_import_that_is_killed_and_given_again_loses_and_doubles_nobody(
    spring: Commands,
) -> None:
    count, few = 40, 5
    rows = "".join(f"lead{number}@example.com\n" for number in range(count))
    path = spring.file("many.csv", "email\n" + rows)
    arguments = (*PROGRAM, "enroll", "spring", "--file", path, "--json")
    environment = os.environ | spring.environment
    with subprocess.Popen(
        arguments, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as first:
        while first.poll() is None and admitted(spring) < few:
            time.sleep(0.01)
        first.kill()
    before = admitted(spring)
    done = spring("enroll", "spring", "--file", path, "--json").document
    assert (done["entered_before"], done["entered"]) == (before, count - before)
    assert (admitted(spring), before >= few) == (count, True)


def admitted(commands: Commands) -> int:
    """How many entries the ledger has, looked at from outside."""
    with closing(sqlite3.connect(commands.directory / "ledger.db")) as ledger:
        return int(ledger.execute("SELECT count(*) FROM admissions").fetchone()[0])


def test_lines_of_json_are_leads(spring: Commands) -> None:
    lines = [
        {"Email": "a@example.com", "score": 5, "tags": ["x"]},
        {"id": "crm-1"},
        {"Id": LEAD, "LeadId": LEAD},
        ["no object"],
    ]
    content = "\n".join(map(json.dumps, lines)) + "\n{broken\n"
    done = imported(spring, content, name="leads.jsonl")
    assert (done.document["entered"], done.document["rejected"]) == (2, 3)


def test_an_opted_out_lead_does_not_enter(cut_off: Commands) -> None:
    mails = "id: {name}\nname: A\ntrigger: {{kind: manual}}\n"
    mails += "steps: [{{id: a, kind: send_email, template: intro}}]\n"
    cut_off.enabled("spring", mails)
    assert cut_off("suppress", "--email", "Ada@example.com").status == 0
    assert cut_off("suppress", "--domain", "example.org").status == 0
    done = imported(cut_off, "id,email\na-1,ada@example.com\na-2,b@example.org\na-3,\n").document
    assert done["refused"] == {
        "suppressed: unsubscribed": 1,
        "suppressed: by an operator": 1,
        "no e-mail address, and the automation begins with a mail": 1,
    }


def test_the_file_of_leads_is_not_overwritten(spring: Commands) -> None:
    file = spring.file("leads.csv", "email\nnone\n")
    done = spring("enroll", "spring", "--file", file, "--rejected", file)
    assert done.status == 2
    assert Path(file).read_text() == "email\nnone\n"


def test_one_lead_enters_and_is_refused_the_second_time(spring: Commands) -> None:
    arguments = ("enroll", "spring", "--lead", LEAD, "--email", "a@example.com", "-f", "team=x")
    done = spring(*arguments, "--json")
    assert (done.status, done.document["enrollment"]) == (0, f"enrollment:spring:sf-{LEAD}")
    assert "Temporal does not answer" in done.document["why_not"]
    again = spring(*arguments)
    assert (again.status, again.out, "already enrolled" in again.err) == (1, "", True)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "say whom"),
        (("--file", "a.csv", "--lead", "a-1"), 2, "say whom"),
        (("--file", "a.csv", "--field", "a=b"), 2, "own columns"),
        (("--lead", "a-1", "--field", "a"), 2, "NAME=VALUE"),
        (("--lead", "ada@example.com"), 1, "lead id"),
        (("--email", "ada"), 1, "email:"),
        (("--email", "ada@example.com", "--field", "zone=Mars"), 1, "time zone"),
        (("--bogus",), 2, "No such option"),
    ],
)
def test_wrong_use_is_told_apart_from_no(
    spring: Commands, arguments: tuple[str, ...], status: int, said: str
) -> None:
    done = spring("enroll", "spring", *arguments)
    assert (done.status, done.out) == (status, "")
    assert said in done.err


def test_leads_of_a_file_are_started_in_temporal(dripstone: Commands) -> None:
    dripstone.enabled("started")
    file = dripstone.file("l.csv", "id,email\n" + "".join(f"f-{n},{n}@a.example\n" for n in "ab"))
    done = dripstone("enroll", "started", "--file", file, "--json").document
    assert (done["entered"], done["not_started"], done["temporal"]) == (2, 0, "answers")
    assert dripstone("list", "started", "--json").document["enrollments"][0]["entry"] == 1

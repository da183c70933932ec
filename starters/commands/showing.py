"""Commands that show a definition: its schema, its picture, and how two versions differ."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from activities.ledger.publishing import find_version, newest_version
from starters.commands.opened import opened
from starters.commands.output import AsJson, Refused, answer, tell
from starters.definitions.differing import differences
from starters.definitions.loading import Finding, load
from starters.definitions.readable_part import readable_part
from starters.definitions.schema import automation_schema, automation_schema_text
from starters.drawing.chart import chart_of
from starters.drawing.mermaid import mermaid_of
from starters.drawing.svg import svg_of
from workflows.engine.automation import Automation

verbs = typer.Typer()

Out = Annotated[
    Path | None, typer.Option("--out", help="Where to write it; standard output if left out.")
]
FILES = (".yaml", ".yml")


class Format(StrEnum):
    """How a picture is written down."""

    MERMAID = "mermaid"
    SVG = "svg"


@verbs.command()
def schema(out: Out = None, as_json: AsJson = False) -> None:
    """The JSON Schema of automation files, for completion and hover texts in editors."""
    text = automation_schema_text()
    if out:
        _write(out, text)
        answer(as_json, {"file": str(out)}, [f"{out}: written"])
    else:
        answer(as_json, automation_schema(), [text.rstrip("\n")])


@verbs.command()
def draw(
    what: Annotated[
        str, typer.Argument(metavar="FILE|AUTOMATION", help="A file, or a published automation.")
    ],
    form: Annotated[Format, typer.Option("--format", help="How.")] = Format.MERMAID,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """The automation as a picture: its steps, branches, waits and exits.

    Of a file with errors, which are said on standard error, what can be read is drawn.
    """
    chart = chart_of(_of_draft(what) if _is_file(what) else _published(what))
    picture = svg_of(chart) if form is Format.SVG else mermaid_of(chart)
    if out:
        _write(out, picture)
    document = {"format": form.value, "file": str(out) if out else None}
    lines = [f"{out}: written"] if out else [picture.rstrip("\n")]
    answer(as_json, document if out else document | {"picture": picture}, lines)


@verbs.command()
def diff(
    automation: Annotated[str, typer.Argument(metavar="AUTOMATION", help="Its id.")],
    old: Annotated[
        str | None,
        typer.Argument(metavar="V1", help="A version; the one before the newest if left out."),
    ] = None,
    new: Annotated[
        str | None,
        typer.Argument(metavar="V2|FILE", help="A version or a file; else the newest version."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How two versions of an automation differ, or a version and a file, step by step."""
    before, after = asyncio.run(_two(automation, old, new))
    found = differences(before, after)
    lines = [f"{one.change} {one.what}{f': {one.how}' if one.how else ''}" for one in found]
    answer(as_json, {"automation": automation, "differences": found}, lines or ["no difference"])


async def _two(automation: str, old: str | None, new: str | None) -> tuple[Automation, Automation]:
    if old is not None and old.endswith(FILES):
        # `diff spring spring.yaml`: the newest version against the file.
        old, new = None, old
    async with opened() as here, here.ledger.reading() as tx:
        newest = await newest_version(tx, automation)
        in_file = new is not None and new.endswith(FILES)
        start = newest.version if in_file else max(1, newest.version - 1)
        before = await find_version(tx, automation, _number(old, start))
        if new is not None and in_file:
            return before.definition, _of_file(new)
        after = await find_version(tx, automation, _number(new, newest.version))
        return before.definition, after.definition


def _number(given: str | None, otherwise: int) -> int:
    if given is None:
        return otherwise
    if not given.removeprefix("v").isdecimal():
        raise Refused(f"{given}: is no version: give a number, or a .yaml file")
    return int(given.removeprefix("v"))


def _is_file(what: str) -> bool:
    """Whether it is a file, or is called like one; else it is a published automation."""
    return what.endswith(FILES) or Path(what).is_file()


def _published(what: str) -> Automation:
    async def newest() -> Automation:
        async with opened() as here, here.ledger.reading() as tx:
            return (await newest_version(tx, what)).definition

    return asyncio.run(newest())


def _of_file(name: str) -> Automation:
    automation, findings = _read(name)
    if automation is None:
        raise _no_automation(name, findings)
    return automation


def _of_draft(name: str) -> Automation:
    automation, findings = _read(name)
    if automation:
        return automation
    part = readable_part(Path(name))
    if part is None:
        raise _no_automation(name, findings)
    for finding in findings:
        tell(str(finding))
    if part.left_out:
        tell(f"{name}: the picture leaves out what cannot be read: {', '.join(part.left_out)}")
    return part.automation


def _read(name: str) -> tuple[Automation | None, tuple[Finding, ...]]:
    try:
        return load(Path(name), None, None)
    except OSError as error:
        raise Refused(f"{name}: cannot be read: {error.strerror}") from error


def _no_automation(name: str, findings: tuple[Finding, ...]) -> Refused:
    said = "; ".join(str(finding) for finding in findings if finding.severity == "error")
    return Refused(f"{name}: is no automation yet: {said}")


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"--out {out}: cannot be written: {error.strerror}") from error

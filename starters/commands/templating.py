"""Commands that show templates: ``template list`` and ``template show``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from activities.ledger.publishing import TemplateText, find_template
from activities.ledger.template_listing import log_of_template, templates_of, versions_of
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, Refused, answer, table
from workers.authoring import Templates, read_templates, tags_of

verbs = typer.Typer()
template = typer.Typer(
    no_args_is_help=True, help="Templates: draft, reviewed, active, switched off."
)
verbs.add_typer(template, name="template")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a template.")]
Center = Annotated[str, typer.Option("--center", help="The center whose template it is.")]
Number = Annotated[
    int | None, typer.Option("--version", help="Which version; the newest if left out.")
]

ALL = ("template", "kind", "newest", "state", "active", "deactivated since", "file")
TAGS = ("merge tag", "without a value")
VERSIONS = ("version", "kind", "state", "drafted by")
VERSION = ("number", "kind", "state", "drafted_by")
LOG = ("at", "done", "version", "by", "reason")
LINE = ("done_at", "act", "number", "done_by", "reason")


@template.command("list")
def list_command(
    center: Center = "default",
    active: Annotated[
        bool, typer.Option("--active", help="Only those that an automation may be published with.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Every template of the ledger and of the templates folder, with its state."""

    async def work(here: Opened) -> dict[str, Any]:
        files = read_templates(here.settings.templates)
        async with here.ledger.reading() as tx:
            rows = await templates_of(tx, center)
            known = {
                row["template"]: await versions_of(tx, center, row["template"]) for row in rows
            }
        for row in rows:
            row["file"] = _file(files, row["template"], known[row["template"]])
        unknown = sorted({*files.texts, *files.problems} - known.keys())
        rows += [_only_a_file(files, name) for name in unknown]
        chosen = [row for row in rows if _is_selectable(row) or not active]
        return {"center": center, "templates": chosen}

    document = with_ledger(work)
    answer(as_json, document, [table("", ALL, map(_row, document["templates"]))])


@template.command("show")
def show_command(
    name: Name, center: Center = "default", version: Number = None, as_json: AsJson = False
) -> None:
    """A template's text, its merge tags with their defaults, its versions, and what was done."""

    async def work(here: Opened) -> dict[str, Any]:
        files = read_templates(here.settings.templates)
        async with here.ledger.reading() as tx:
            versions = await versions_of(tx, center, name)
            log = await log_of_template(tx, center, name)
            off = [r for r in await templates_of(tx, center) if r["template"] == name]
            chosen = [v for v in versions if version in (None, v["number"])][-1:]
            if chosen:
                text = await find_template(tx, center, name, chosen[0]["digest"])
            else:
                text = text_of_file(files, name, version)
        return {
            "template": name,
            "center": center,
            "version": chosen[0]["number"] if chosen else None,
            "kind": chosen[0]["kind"] if chosen else files.kinds[name],
            "state": chosen[0]["state"] if chosen else "not in the ledger",
            "deactivated_since": off[0]["deactivated_since"] if off else None,
            "file": _file(files, name, versions),
            **asdict(text),
            "merge_tags": tags_of(text),
            "versions": versions,
            "log": log,
        }

    document = with_ledger(work)
    answer(as_json, document, _shown(document))


def _file(files: Templates, name: str, versions: list[Mapping[str, Any]]) -> str:
    """How the file of a template stands to what the ledger has of it."""
    if name in files.problems:
        return "has errors"
    if name not in files.texts:
        return "none"
    digest = files.texts[name].digest
    same = [str(version["number"]) for version in versions if version["digest"] == digest]
    return f"version {same[0]}" if same else "a new text"


def _only_a_file(files: Templates, name: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("newest_version", "active_version", "deactivated_since"))
    about = {"template": name, "kind": files.kinds.get(name, "")}
    return about | nothing | {"state": "not in the ledger", "file": _file(files, name, [])}


def _is_selectable(row: Mapping[str, Any]) -> bool:
    return row["active_version"] is not None and row["deactivated_since"] is None


def text_of_file(files: Templates, name: str, version: int | None = None) -> TemplateText:
    """The text that the templates folder has.

    Raises:
        Refused: there is no such file, or it has errors; or a version was asked for.
    """
    if version is not None:
        raise Refused(f"template {name!r} has no version {version}: dripstone template list")
    if name in files.problems:
        raise Refused("\n".join(files.problems[name]))
    if name not in files.texts:
        known = ", ".join(sorted(files.texts)) or "none"
        raise Refused(f"there is no template {name!r}; files are there for: {known}")
    return files.texts[name]


def _shown(document: Mapping[str, Any]) -> Iterator[str | Table]:
    which = f" version {document['version']}" if document["version"] else ""
    yield f"{document['template']}{which}: {document['kind']}, {document['state']}"
    if since := document["deactivated_since"]:
        yield f"deactivated since {since:%Y-%m-%d %H:%M:%S}Z: its mails are held"
    yield f"file: {document['file']}"
    yield f"\nSubject: {document['subject']}\n"
    yield from document["text"].splitlines()
    yield table("\nMerge tags", TAGS, map(_tag_row, document["merge_tags"]))
    yield table("\nVersions", VERSIONS, _rows(VERSION, document["versions"]))
    yield table("\nWhat was done", LOG, _rows(LINE, document["log"]))


def _rows(columns: tuple[str, ...], found: list[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    yield from (tuple(row[name] for name in columns) for row in found)


def _tag_row(tag: Any) -> tuple[str, str]:
    if tag.default is not None:
        return tag.field, "a blank" if tag.default == " " else repr(tag.default)
    if not tag.field.startswith("lead"):
        return tag.field, "always has one"
    return tag.field, "left out" if tag.may_be_missing else "the mail is not sent"


def _row(row: Mapping[str, Any]) -> tuple[object, ...]:
    names = ("template", "kind", "newest_version", "state", "active_version", "deactivated_since")
    return (*(row[name] for name in names), row["file"])


def with_ledger(work: Callable[[Opened], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Do some work with everything that commands work with."""

    async def run() -> dict[str, Any]:
        async with opened() as here:
            return await work(here)

    return asyncio.run(run())

"""Commands for authors: validate, publish."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from activities.ledger.connections import Connections
from activities.ledger.publishing import TemplateText, find_state, publish
from config.settings import Settings
from starters.commands.lifecycle import enable_newest
from starters.commands.opened import opened, settings_of_environment
from starters.commands.output import AsJson, Refused, answer
from starters.commands.who import By, operator
from starters.definitions.checks import REQUIRED
from starters.definitions.loading import Configured, Finding, load
from workers.accounts import load_connections
from workers.authoring import Templates, read_templates
from workflows.engine.automation import Automation
from workflows.engine.steps.send_email import SendEmail

verbs = typer.Typer()


@verbs.command()
def validate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Automation files, or folders of them.")
    ],
    as_json: AsJson = False,
    without_connections: Annotated[
        bool,
        typer.Option(
            "--without-connections", help="Leave out which vendors this machine has accounts at."
        ),
    ] = False,
) -> None:
    """Check automation files: every finding at once, with its line."""
    settings = settings_of_environment()
    configured = None if without_connections else configured_by(settings)
    templates = read_templates(settings.templates)
    paths = list(_files_of(files))
    findings: list[Finding] = []
    for path in paths:
        findings += check(path, templates, configured)[1]
    errors = sum(finding.severity == "error" for finding in findings)
    summary = f"{len(paths)} checked: {errors} errors, {len(findings) - errors} warnings"
    answer(as_json, {"findings": findings, "errors": errors}, [*map(str, findings), summary])
    if errors:
        raise typer.Exit(1)


@verbs.command("publish")
def publish_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An automation file.")],
    enable_too: Annotated[
        bool, typer.Option("--enable", help="Let leads in at once, into this version.")
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Make a version of an automation and of the templates it names. It never changes again."""
    settings = settings_of_environment()
    templates = read_templates(settings.templates)
    automation, findings = check(file, templates, configured_by(settings))
    if automation is None:
        answer(as_json, {"published": False, "findings": findings}, map(str, findings))
        raise Refused(f"{file}: not published, because of the errors above")
    source = file.read_text("utf-8-sig")
    names = (step.template for step in automation.steps if isinstance(step, SendEmail))
    draft = Draft(automation, source, templates.named(names))
    document = asyncio.run(_publish(draft, by or operator(), enable_too))
    answer(as_json, document | {"findings": findings}, [*map(str, findings), *_published(document)])


@dataclass(frozen=True, slots=True)
class Draft:
    """What is about to be published."""

    automation: Automation
    source: str
    texts: list[TemplateText]


async def _publish(draft: Draft, by: str, enable_too: bool) -> dict[str, Any]:
    name = draft.automation.id
    async with opened() as here:
        try:
            version, is_new = await publish(
                here.ledger, draft.automation, draft.source, draft.texts, by
            )
        except ValueError as error:
            raise Refused(str(error)) from error
        released = await enable_newest(here, name, by) if enable_too else 0
        async with here.ledger.reading() as tx:
            state = await find_state(tx, name)
    return {
        "published": True,
        "automation": name,
        "version": version.version,
        "is_new": is_new,
        "state": state[0] if state else "not enabled",
        "version_for_new_leads": state[1] if state else None,
        "released": released,
    }


def _published(document: dict[str, Any]) -> Iterator[str]:
    name, version = document["automation"], document["version"]
    what = "published" if document["is_new"] else "was published before, unchanged"
    yield f"{name} version {version}: {what}; {document['state']}"
    if document["state"] != "enabled":
        yield f"no lead enters yet: dripstone enable {name}"
    elif document["version_for_new_leads"] != version:
        older = document["version_for_new_leads"]
        yield f"new leads still get version {older}: dripstone enable {name}"


def check(
    path: Path, templates: Templates, configured: Configured | None
) -> tuple[Automation | None, list[Finding]]:
    """One file with all that is found in it and in the templates it names."""
    # A broken template is told of once, below, and not as one that is not there.
    broken = {name: dict.fromkeys(REQUIRED, True) for name in templates.problems}
    try:
        automation, found = load(path, {**templates.fields, **broken}, configured)
    except OSError as error:
        return None, [Finding("error", f"cannot be read: {error.strerror}", str(path), 1)]
    findings = list(found)
    for step in automation.steps if automation else ():
        problems = templates.problems.get(step.template, ()) if isinstance(step, SendEmail) else ()
        findings += [Finding("error", problem, str(path), 1, step.id) for problem in problems]
    sound = not any(finding.severity == "error" for finding in findings)
    return automation if sound else None, findings


def configured_by(settings: Settings, connections: Connections | None = None) -> Configured:
    """What this installation has accounts for.

    Raises:
        BadConnections: the connections file cannot be used.
    """
    connections = connections or load_connections(settings.connections)
    sections = ("smtp", "salesforce", "slack", "teams", "twilio")
    vendors = frozenset(name for name in sections if getattr(settings, name) is not None)
    mailboxes = {name: tuple(center.mailboxes) for name, center in connections.centers.items()}
    writable = {
        name: center.salesforce.writable_fields if center.salesforce else ()
        for name, center in connections.centers.items()
    }
    pools = {name: tuple(center.pools) for name, center in connections.centers.items()}
    return Configured(vendors, mailboxes, writable, pools)


def _files_of(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))
        if not inside:
            raise Refused(f"{path}: no .yaml file is in this folder")
        yield from inside

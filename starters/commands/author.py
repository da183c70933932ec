"""Commands for authors: validate, publish."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.publishing import NotPublished, find_state, newest_version, publish
from activities.ledger.template_choice import ready_to_publish
from activities.ledger.template_lives import Written
from starters.commands.configured import configured_by
from starters.commands.lifecycle import enable_newest
from starters.commands.opened import opened, settings_of_environment
from starters.commands.output import AsJson, Refused, answer
from starters.commands.who import By, operator
from starters.definitions.catalogue import (
    LIKELY_SECRETS,
    SECRETS,
    TEMPLATE_FILES,
    TEMPLATE_STATES,
)
from starters.definitions.checks import REQUIRED
from starters.definitions.loading import Configured, Finding, lines_of, load
from starters.definitions.named_templates import named_templates
from workers.authoring import MergeTag, Templates, read_templates
from workflows.engine.automation import Automation
from workflows.engine.steps.send_email import SendEmail
from workflows.engine.triggers.campaign_exited import CampaignExited

verbs = typer.Typer()


@verbs.command()
def validate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Automation files, or folders of them.")
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
    mails: list[dict[str, Any]] = []
    for path in paths:
        automation, found = check(path, templates, configured)
        findings += found
        mails += _mails(path, automation, templates) if automation else ()
    errors = sum(finding.severity == "error" for finding in findings)
    summary = f"{len(paths)} checked: {errors} errors, {len(findings) - errors} warnings"
    document = {"findings": findings, "errors": errors, "mails": mails}
    answer(as_json, document, [*map(str, findings), summary])
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
    draft = Draft(automation, source, templates.written(names))
    document = asyncio.run(_publish(draft, by or operator(), enable_too))
    if against := document.pop("against", {}):
        findings += _against(automation, against, file)
        answer(as_json, {"published": False, "findings": findings}, map(str, findings))
        raise Refused(f"{file}: not published, because of its templates: see above")
    answer(as_json, document | {"findings": findings}, [*map(str, findings), *_published(document)])


@dataclass(frozen=True, slots=True)
class Draft:
    """What is about to be published."""

    automation: Automation
    source: str
    written: list[Written]


async def _publish(draft: Draft, by: str, enable_too: bool) -> dict[str, Any]:
    name, center = draft.automation.id, draft.automation.center
    texts = [one.text for one in draft.written]
    async with opened() as here:
        vouches = here.connections.of(center).templates.review == "on_publish"
        against = await ready_to_publish(here.ledger, center, draft.written, by, vouches=vouches)
        if against:
            return {"against": against}
        try:
            version, is_new = await publish(here.ledger, draft.automation, draft.source, texts, by)
        except ValueError as error:
            raise Refused(str(error)) from error
        released = await enable_newest(here, name, by) if enable_too else 0
        campaign = draft.automation.campaign
        follower = campaign.follow_up.enroll_in if campaign and campaign.follow_up else None
        async with here.ledger.reading() as tx:
            unknown = await _not_published(tx, draft.automation)
            state = await find_state(tx, name)
            onward = await find_state(tx, follower) if follower else None
    return {
        "published": True,
        "automation": name,
        "version": version.version,
        "is_new": is_new,
        "state": state[0] if state else "not enabled",
        "version_for_new_leads": state[1] if state else None,
        "released": released,
        "campaigns_not_published": unknown,
        "follow_up": follower,
        "follow_up_state": (onward[0] if onward else "not enabled") if follower else None,
    }


async def _not_published(tx: AsyncConnection, automation: Automation) -> list[str]:
    """The campaigns that the trigger waits for leads to leave, and that nobody can be in."""
    trigger = automation.trigger
    named = trigger.campaigns if isinstance(trigger, CampaignExited) else ()
    unknown = []
    for one in named:
        try:
            await newest_version(tx, one)
        except NotPublished:
            unknown.append(one)
    return unknown


def _against(automation: Automation, said: dict[str, str], file: Path) -> list[Finding]:
    """What keeps templates from being published, for each step that names one of them."""
    return [
        Finding("error", said[step.template], str(file), line, step.id, TEMPLATE_STATES.name)
        for step, line in _sending(automation, file)
        if step.template in said
    ]


def _sending(automation: Automation, file: Path) -> Iterator[tuple[SendEmail, int]]:
    """The steps that send mail, each with the line on which its template is named."""
    lines = lines_of(file, "template")
    for place, step in enumerate(automation.steps):
        if isinstance(step, SendEmail):
            yield step, lines[place]


def _mails(path: Path, automation: Automation, templates: Templates) -> Iterator[dict[str, Any]]:
    """For tools: each mail of a file, its template, and the merge tags with their defaults."""
    for step, line in _sending(automation, path):
        name = step.template
        tags = [_tag(tag, step) for tag in templates.tags[name]]
        about = {"file": str(path), "line": line, "step": step.id, "template": name}
        yield about | {"kind": templates.kinds[name], "merge_tags": tags}


def _tag(tag: MergeTag, step: SendEmail) -> dict[str, Any]:
    """A merge tag of a template as a step uses it: which field, and what if that is empty."""
    chosen = step.merge_tags.get(tag.field.removeprefix("lead."))
    field, default = (chosen.field, chosen.default) if chosen else (None, None)
    return {
        "tag": tag.field,
        "field": f"lead.{field}" if field else tag.field,
        "default": default or tag.default,
        "may_be_missing": tag.may_be_missing or default is not None,
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
    for campaign in document["campaigns_not_published"]:
        yield f"no lead leaves {campaign!r} yet, for which the trigger waits: it is not published"
    if document["follow_up_state"] not in (None, "enabled"):
        follower, why = document["follow_up"], document["follow_up_state"]
        yield f"leads that leave do not go on yet: {follower} is {why}"


def check(
    path: Path, templates: Templates, configured: Configured | None
) -> tuple[Automation | None, list[Finding]]:
    """One file with all that is found in it and in the templates it names."""
    # A broken template is told of once, below, and not as one that is not there.
    broken = {name: dict.fromkeys(REQUIRED, True) for name in templates.problems}
    try:
        automation, found = load(
            path, {**templates.fields, **broken}, configured, datetime.now(UTC)
        )
    except OSError as error:
        return None, [Finding("error", f"cannot be read: {error.strerror}", str(path), 1)]
    findings = list(found)
    for name, step, line in named_templates(path):
        findings += _in_template(templates, (name, step), str(path), line)
    findings.sort(key=lambda finding: finding.line)
    sound = not any(finding.severity == "error" for finding in findings)
    return automation if sound else None, findings


def _in_template(
    templates: Templates, use: tuple[str, str | None], file: str, line: int
) -> Iterator[Finding]:
    """What is wrong with the template that a step names."""
    name, step = use
    for problem in templates.problems.get(name, ()):
        yield Finding("error", problem, file, line, step, TEMPLATE_FILES.name)
    for leak in templates.leaks.get(name, ()):
        about = SECRETS if leak.is_sure else LIKELY_SECRETS
        message = f"template {name!r}, line {leak.line}: {leak.message}"
        yield Finding(about.severity, message, file, line, step, about.name)


def _files_of(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))
        if not inside:
            raise Refused(f"{path}: no .yaml file is in this folder")
        yield from inside

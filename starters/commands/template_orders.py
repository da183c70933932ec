"""Commands for the life of templates: draft, review, activate and deactivate them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from activities.ledger.release import release_for
from activities.ledger.template_lives import Order, activate, deactivate, draft, review
from activities.ledger.template_switch import cause_of_hold
from starters.commands.lifecycle import tell_first
from starters.commands.opened import Opened
from starters.commands.output import AsJson, answer
from starters.commands.templating import (
    Center,
    Name,
    Number,
    template,
    text_of_file,
    with_ledger,
)
from starters.commands.who import By, Why, operator
from workers.authoring import read_templates

verbs = typer.Typer()
verbs.add_typer(template, name="template")


@template.command("draft")
def draft_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="All files if left out.")
    ] = None,
    center: Center = "default",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Take files of the templates folder into the ledger as drafts; a new text is a new version."""

    async def work(here: Opened) -> dict[str, Any]:
        files = read_templates(here.settings.templates)
        wanted = names or sorted(files.texts)
        for name in wanted:
            text_of_file(files, name)
        taken = await draft(here.ledger, center, files.written(wanted), by or operator())
        return {"templates": taken, "problems": files.problems if not names else {}}

    document = with_ledger(work)
    lines = [f"{one.name} version {one.number}: {one.state}" for one in document["templates"]]
    lines += [said for problems in document["problems"].values() for said in problems]
    answer(as_json, document, lines)
    if document["problems"]:
        raise typer.Exit(1)


@template.command("review")
def review_command(
    name: Name,
    center: Center = "default",
    version: Number = None,
    reason: Why = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Say that a version has been read and is right."""

    async def work(here: Opened) -> dict[str, Any]:
        order = Order(center, name, by or operator(), version, reason)
        by_another = here.connections.of(center).templates.review == "by_another"
        return asdict(await review(here.ledger, order, by_another=by_another))

    document = with_ledger(work)
    answer(as_json, document, [f"{name} version {document['number']}: {document['state']}"])


@template.command("activate")
def activate_command(
    name: Name,
    center: Center = "default",
    version: Number = None,
    reason: Why = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Let a reviewed version be published, and let the mails go on that were held."""

    async def work(here: Opened) -> dict[str, Any]:
        order = Order(center, name, by or operator(), version, reason)
        done = await activate(here.ledger, order)
        events = await release_for(here.ledger, center, cause_of_hold(name), here.connections)
        await tell_first(here, events)
        return {"template": name, "active": done.version, "released": len(events)}

    document = with_ledger(work)
    one = document["active"]
    lines = [f"{name} version {one.number}: active" if one else f"{name}: switched on again"]
    if document["released"]:
        lines.append(f"{document['released']} leads that were held go on, a few at a time")
    answer(as_json, document, lines)


@template.command("deactivate")
def deactivate_command(
    name: Name,
    center: Center = "default",
    reason: Why = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Hold every mail of a template at once, in all automations, until it is activated again."""

    async def work(here: Opened) -> dict[str, Any]:
        order = Order(center, name, by or operator(), reason=reason)
        return {"template": name, "is_new": await deactivate(here.ledger, order)}

    document = with_ledger(work)
    what = "deactivated" if document["is_new"] else "was deactivated before"
    answer(as_json, document, [f"{name}: {what}; its mails are held: dripstone template activate"])

"""Enabled automations: whether what they need is still here, and their templates are on."""

from __future__ import annotations

import json
from collections.abc import Iterator

from activities.ledger import Ledger
from activities.ledger.lifecycle import overview
from activities.ledger.publishing import Version, definition_json, find_version
from activities.ledger.self_checks import switched_off_templates
from starters.definitions import strict_yaml
from starters.definitions.checks import CHECKS
from starters.definitions.draft import Configured, Draft
from starters.doctor.finding import Finding
from workflows.engine.steps.send_email import SendEmail


async def enabled_versions(ledger: Ledger) -> list[Version]:
    """The versions that new leads get, of every automation that lets leads in."""
    async with ledger.reading() as tx:
        rows = await overview(tx)
        return [
            await find_version(tx, row["automation"], row["version_for_new_leads"])
            for row in rows
            if (row["state"], row["center_state"]) == ("enabled", "enabled")
        ]


async def look_at_automations(ledger: Ledger, configured: Configured) -> list[Finding]:
    """What stands against publishing them today, though it did not when they were published."""
    versions = await enabled_versions(ledger)
    async with ledger.reading() as tx:
        off = await switched_off_templates(tx)
    found = [one for version in versions for one in _of(version, configured, off)]
    if found:
        return found
    return [Finding("automations", "ok", f"{len(versions)} enabled, and all have what they need")]


def _of(version: Version, configured: Configured, off: set[tuple[str, str]]) -> Iterator[Finding]:
    check = f"automation-{version.automation}"
    for name in sorted(_templates(version)):
        if (version.center, name) in off:
            what = f"template {name!r} is deactivated: its mails are held"
            yield Finding(check, "warning", what, f"dripstone template activate {name}")
    for message in _objections(version, configured):
        mend = f"mend it, or dripstone disable {version.automation}"
        yield Finding(check, "problem", message, mend)


def _templates(version: Version) -> set[str]:
    return {step.template for step in version.definition.steps if isinstance(step, SendEmail)}


def _objections(version: Version, configured: Configured) -> Iterator[str]:
    written = json.dumps(definition_json(version.definition)).encode()
    document, _ = strict_yaml.read(written)
    if document is None:
        return
    definition = version.definition
    draft = Draft(document, dict(enumerate(definition.steps)), definition, None, configured)
    for check in CHECKS:
        for place, severity, message in check(draft):
            if severity == "error":
                step = definition.steps[int(place[1])].id if place[:1] == ("steps",) else ""
                yield f"step {step!r}: {message}" if step else message

"""Defaults of definitions are part of every pinned version: they never change in passing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from workflows.engine.automation import SCHEMA, Automation
from workflows.engine.campaign import (
    Campaign,
    Exits,
    FollowUp,
    OutOfOffice,
    ReEntry,
    SendWindow,
    SoftBounces,
)
from workflows.engine.caps import Caps
from workflows.engine.conditions import AllOf, AnyOf, FieldIs, Happened, NotThis
from workflows.engine.consent import Consent
from workflows.engine.goal import Goal
from workflows.engine.steps.ab_split import Share
from workflows.engine.steps.base import BaseStep
from workflows.engine.steps.branch import Arm
from workflows.engine.triggers import KINDS
from workflows.engine.waves import HaltAt, Waves
from workflows.engine.web_effects import Taken

SNAPSHOT = Path(__file__).with_name("defaults.json")
BLOCKS: tuple[type[BaseModel], ...] = (
    *(Automation, Campaign, Exits, FollowUp, OutOfOffice, ReEntry, SendWindow, SoftBounces),
    *(AllOf, AnyOf, FieldIs, Happened, NotThis, Arm),
    *(Goal, Share, Taken, Caps, Consent, Waves, HaltAt),
)
LESSON = (
    "A default of a definition has changed. Published versions leave out what stands at its "
    "default, so this would change what leads already inside are going through. Raise SCHEMA in "
    "workflows/engine/automation.py, add the function that upgrades an older definition (it "
    "writes the old default down), and only then write {} anew."
)


def kinds() -> Iterator[type[BaseModel]]:
    yield from BLOCKS
    yield from sorted(BaseStep.__subclasses__(), key=lambda kind: kind.__name__)
    yield from KINDS.values()


def test_a_default_never_changes_without_raising_the_schema_number() -> None:
    defaults = {
        kind.__name__: {
            field.alias or name: to_jsonable_python(field.default)
            for name, field in kind.model_fields.items()
            if not field.is_required() and name != "schema_number"
        }
        for kind in kinds()
    }
    known = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert known == {"schema": SCHEMA, "defaults": defaults}, LESSON.format(SNAPSHOT.name)

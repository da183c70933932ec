"""The JSON Schema of automation files, for editors: completion, hover texts, errors."""

from __future__ import annotations

import json
from typing import Any

from starters.definitions.hover import hover_text
from workflows.engine.automation import Automation

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def automation_schema() -> dict[str, Any]:
    """The schema of an automation file, made from the very models that read it."""
    schema = Automation.model_json_schema(by_alias=True, mode="validation")
    _describe("Automation", schema)
    for name, model in schema["$defs"].items():
        _describe(name, model)
    return {
        "$schema": DIALECT,
        **schema,
        "title": "Dripstone automation",
        "description": "A trigger, an audience and steps; for campaigns also the campaign block.",
    }


def automation_schema_text() -> str:
    """The schema as ``config/automation.schema.json`` has it."""
    return json.dumps(automation_schema(), indent=2, ensure_ascii=False) + "\n"


def _describe(name: str, model: dict[str, Any]) -> None:
    """Give each field its text; of ``kind`` it is what the kind is for."""
    for field, schema in model.get("properties", {}).items():
        text = model.get("description") if field == "kind" else hover_text(name, field)
        if text:
            # What the type says of itself (how a duration is written) comes after.
            schema["description"] = " ".join([text, *filter(None, [schema.get("description")])])

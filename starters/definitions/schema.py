"""The JSON Schema of automation files, for editors: completion and errors while typing."""

from __future__ import annotations

import json
from typing import Any

from workflows.engine.automation import Automation


def automation_schema() -> dict[str, Any]:
    """The schema of an automation file, made from the very models that read it."""
    schema = Automation.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Dripstone automation",
        "description": "A trigger, an audience and steps; for campaigns also the campaign block.",
    }


def automation_schema_text() -> str:
    """The schema as ``config/automation.schema.json`` has it."""
    return json.dumps(automation_schema(), indent=2, ensure_ascii=False) + "\n"

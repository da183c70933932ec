"""The JSON Schema for editors, as the repository has it."""

from __future__ import annotations

from pathlib import Path

import config
from starters.definitions.schema import automation_schema, automation_schema_text

FILE = Path(config.__file__).with_name("automation.schema.json")


def test_the_schema_in_the_repository_is_fresh() -> None:
    remedy = "write it anew: dripstone schema > config/automation.schema.json"
    assert FILE.read_text(encoding="utf-8") == automation_schema_text(), remedy


def test_the_schema_speaks_as_files_are_written() -> None:
    schema = automation_schema()
    wait = schema["$defs"]["Wait"]
    assert {"for", "kind"} <= set(wait["properties"])
    assert wait["additionalProperties"] is False
    assert "schema" in schema["properties"]
    assert schema["$defs"]["NotThis"]["required"] == ["not"]

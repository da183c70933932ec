"""The JSON Schema for editors, as the repository has it and as the command writes it."""

from __future__ import annotations

import json
from pathlib import Path

import config
from starters.definitions.hover import ANYWHERE, OF_THEIR_OWN
from starters.definitions.schema import automation_schema, automation_schema_text
from tests.starters.commands import Commands

FILE = Path(config.__file__).with_name("automation.schema.json")


def test_the_schema_in_the_repository_is_fresh() -> None:
    remedy = "write it anew: dripstone schema --out config/automation.schema.json"
    assert FILE.read_text(encoding="utf-8") == automation_schema_text(), remedy


def test_the_schema_speaks_as_files_are_written() -> None:
    schema = automation_schema()
    wait = schema["$defs"]["Wait"]
    assert {"for", "kind"} <= set(wait["properties"])
    assert wait["additionalProperties"] is False
    assert "schema" in schema["properties"]
    assert schema["$defs"]["NotThis"]["required"] == ["not"]


def test_every_field_has_a_text_to_show_when_the_pointer_rests_on_it() -> None:
    schema = automation_schema()
    models = {"Automation": schema, **schema["$defs"]}
    silent = [
        f"{name}.{field}"
        for name, model in models.items()
        for field, about in model.get("properties", {}).items()
        if len(about.get("description", "")) < 10
    ]
    assert silent == [], "write their texts into starters/definitions/hover_of_steps.py or hover.py"


def test_no_text_is_left_of_a_field_that_is_gone() -> None:
    schema = automation_schema()
    models = {"Automation": schema, **schema["$defs"]}
    fields = {name: model.get("properties", {}) for name, model in models.items()}
    own = [(name, field) for name, texts in OF_THEIR_OWN.items() for field in texts]
    assert [one for one in own if one[1] not in fields.get(one[0], {})] == []
    assert set(ANYWHERE) <= {field for some in fields.values() for field in some}


def test_the_command_writes_the_schema(cut_off: Commands, tmp_path: Path) -> None:
    out = tmp_path / "schema.json"
    assert cut_off("schema", "--out", str(out)).status == 0
    assert out.read_text(encoding="utf-8") == automation_schema_text()
    assert json.loads(cut_off("schema").out) == automation_schema()
    nowhere = cut_off("schema", "--out", str(tmp_path / "none" / "x.json"))
    assert (nowhere.status, "cannot be written" in nowhere.err) == (1, True)

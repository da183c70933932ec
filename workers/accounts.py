"""The connections file: which accounts each center has at its vendors."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from activities.ledger.connections import Connections


class BadConnections(ValueError):
    """The connections file cannot be used; the message says where and how to mend it."""


def load_connections(path: Path) -> Connections:
    """Read ``connections.yaml``. A file that is not there means no accounts.

    Raises:
        BadConnections: not YAML, or not what connections look like.
    """
    if not path.exists():
        return Connections()
    try:
        return Connections.model_validate(yaml.safe_load(path.read_text("utf-8")) or {})
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadConnections(f"{path}: not readable as YAML: {error}") from error
    except ValidationError as error:
        problems = (
            f"{path}: {'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        )
        raise BadConnections("\n".join(problems)) from error

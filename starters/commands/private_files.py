"""Files with personal data: for the eyes of who asked for them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from starters.commands.output import Refused


def open_private(path: Path) -> IO[str]:
    """A file to be written anew (UTF-8, line ends as given), which its owner alone can read.

    Raises:
        Refused: the file cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        # One that was there before has the rights that it had.
        os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {error.strerror}") from error
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")

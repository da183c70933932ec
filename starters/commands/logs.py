"""Where log lines of long-running commands go: standard error, as JSON unless a person looks on."""

from __future__ import annotations

import logging
import sys

import structlog


def log_to_standard_error() -> None:
    """Set up logging for this process; standard output stays free for what a command answers."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    rendered: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if sys.stderr.isatty():
        rendered = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            rendered,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )

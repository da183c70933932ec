"""Where log lines of long-running commands go: standard error, as JSON unless a person looks on."""

from __future__ import annotations

import logging
import sys

import structlog


def log_to_standard_error(least: int = logging.INFO) -> None:
    """Set up logging for this process; standard output stays free for what a command answers.

    Args:
        least: the level from which on lines are written.
    """
    logging.basicConfig(
        level=least, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger().setLevel(least)  # it may have been set up before, for less
    rendered: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if sys.stderr.isatty():
        rendered = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            rendered,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )

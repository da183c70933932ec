"""What all tests share: no property fails because the machine was slow, and none by chance; and
nothing of the person's own environment has a part in them."""

from __future__ import annotations

import os
import sys

import structlog
from hypothesis import settings

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
for name in list(os.environ):
    if name.startswith(("DRIPSTONE_", "TEMPORAL_")) or name.upper() in PROXIES:
        del os.environ[name]

# Workers of this process log while a command of it is asked for its answer on standard output.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))

settings.register_profile("dripstone", deadline=None, derandomize=True, database=None)
settings.load_profile("dripstone")

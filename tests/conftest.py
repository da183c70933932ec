"""What all tests share: no property fails because the machine was slow, and none by chance."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("dripstone", deadline=None, derandomize=True, database=None)
settings.load_profile("dripstone")

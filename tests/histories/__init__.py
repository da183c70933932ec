"""Recorded histories of the main journeys, which every later version must replay.

They are files because they come from versions of the past. ``python -m tests.histories.record``
records them anew, on the real server; that is right only for a new journey, or as long as no
enrollment of an older version lives anywhere. ``BEGUN_BEFORE`` are those that it cannot record.
"""

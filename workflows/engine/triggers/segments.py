"""segment_added and segment_removed: what a lead did made it join or leave a segment."""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.base import Name
from workflows.engine.triggers.base import BaseTrigger, Match, Occasion


class _Segment(BaseTrigger):
    segment: Name

    def fires(self, occasion: Occasion) -> Match | None:
        """With a change that an activity of the lead caused.

        ``data.because`` is ``activity``, the default, or else what changed membership in its
        stead: an edit of the segment's definition is nothing that the lead did.
        """
        event = occasion.event
        theirs = event.data.get("because", "activity") == "activity"
        if not theirs or event.data.get("segment") != self.segment:
            return None
        return Match(f"event/{event.id}", f"{event.kind}: {self.segment}")


class SegmentAdded(_Segment):
    """An activity of the lead makes it meet the criteria of a segment. Members stay outside."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"segment_added"})

    kind: Literal["segment_added"]


class SegmentRemoved(_Segment):
    """An activity of the lead makes it meet the criteria of a segment no longer."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"segment_removed"})

    kind: Literal["segment_removed"]

"""track_event: report an event to Google Analytics 4 and to the center's event listeners."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from workflows.engine.effects import TrackEvent as TrackEventEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move
from workflows.engine.web_effects import FieldName, PropertyName, ShortText

_PREFIXES = ("ga_", "google_", "firebase_", "gtag")
# fmt: off
_RESERVED = {
    "ad_activeview", "ad_click", "ad_exposure", "ad_query", "ad_reward", "adunit_exposure",
    "app_background", "app_clear_data", "app_exception", "app_remove", "app_store_refund",
    "app_store_subscription_cancel", "app_store_subscription_convert",
    "app_store_subscription_renew", "app_update", "app_upgrade", "dynamic_link_app_open",
    "dynamic_link_app_update", "dynamic_link_first_open", "error", "first_open", "first_visit",
    "in_app_purchase", "notification_dismiss", "notification_foreground", "notification_open",
    "notification_receive", "notification_send", "os_update", "screen_view", "session_start",
    "user_engagement",
}
# fmt: on
"""Names that Google Analytics 4 keeps for itself (Measurement Protocol, reserved names)."""

Value = ShortText | bool | int | float


class TrackEvent(BaseStep):
    """Report ``event`` with ``properties``, whose texts may name the lead's fields.

    ``client_id`` names the lead field that has the visitor's Google Analytics client id; without
    one the lead goes by a number of its own, which says nothing of who it is.
    """

    kind: Literal["track_event"]
    event: PropertyName
    properties: dict[PropertyName, Value] = Field(default={}, max_length=25)
    client_id: FieldName | None = None

    @field_validator("event")
    @classmethod
    def _is_a_name_of_ones_own(cls, event: str) -> str:
        if event.casefold() in _RESERVED or event.casefold().startswith(_PREFIXES):
            raise ValueError(f"{event!r} is a name that Google Analytics keeps for itself")
        return event

    @field_validator("properties")
    @classmethod
    def _have_names_of_ones_own(cls, properties: dict[str, Value]) -> dict[str, Value]:
        for name in properties:
            if name.casefold().startswith(_PREFIXES):
                raise ValueError(f"{name!r} is a name that Google Analytics keeps for itself")
        return properties

    def enter(self, moment: Moment) -> Move:
        """Ask for the event to be reported."""
        effect = TrackEventEffect(
            kind="track_event",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            event=self.event,
            properties=self.properties,
            client_id=self.client_id,
        )
        return Do(effect, f"Track {self.event}")

"""Campaign settings: what may change while leads are inside, kept outside the pinned version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, JsonValue

from workflows.engine.base import Frozen
from workflows.engine.campaign import Campaign, check_active
from workflows.engine.caps import Caps
from workflows.engine.conditions import Condition, asks_for_events


class ExitCriteria(Frozen):
    """``when`` is the custom exit criteria on lead fields; without it there are none."""

    when: Condition | None = None


class CampaignSettings(Frozen):
    """The settings in force. They begin as the definition says; an edit reaches leads in flight."""

    priority: int = Field(default=0, ge=0, le=1000)
    active_from: AwareDatetime | None = None
    active_until: AwareDatetime | None = None
    exits: ExitCriteria = ExitCriteria()
    caps: Caps = Caps()

    @classmethod
    def of(cls, campaign: Campaign) -> CampaignSettings:
        """What a definition begins with."""
        return cls.read(campaign.model_dump(by_alias=True))

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> CampaignSettings:
        """Settings as they are kept; what is no setting (any more) is passed over."""
        return cls.model_validate(_known(cls, written))

    def written(self) -> dict[str, Any]:
        """As they are kept: without what stands at its default."""
        dumped: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return dumped

    def patched(self, patch: Mapping[str, JsonValue]) -> CampaignSettings:
        """These settings with a merge patch on top (RFC 7396): null takes a setting back.

        A condition is replaced as a whole: a mixture of two would be neither.

        Raises:
            pydantic.ValidationError: the outcome is no settings.
            ValueError: it is no campaign that leads could enter.
        """
        outcome = type(self).model_validate(_merged(type(self), self.written(), patch))
        check_active(outcome.active_from, outcome.active_until)
        criteria = outcome.exits.when
        if criteria and outcome.exits != self.exits and asks_for_events(criteria):
            raise ValueError(
                "exits.when: exit criteria are about fields, and an 'event:' test never holds in "
                "them: name the event under exits.on of the definition, or make it the goal"
            )
        return outcome

    def carried_over(self, before: CampaignSettings, after: CampaignSettings) -> CampaignSettings:
        """These settings, with what an author changed between two definitions."""
        old, new = before.model_dump(), after.model_dump()
        changed = [name for name in type(self).model_fields if old[name] != new[name]]
        return self.model_copy(update={name: getattr(after, name) for name in changed})


def _groups(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The fields that are groups of settings themselves."""
    named = {name: field.annotation for name, field in model.model_fields.items()}
    return {n: a for n, a in named.items() if isinstance(a, type) and issubclass(a, BaseModel)}


def _known(model: type[BaseModel], written: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in written.items() if name in model.model_fields}
    groups = _groups(model)
    return {n: _known(groups[n], v) if n in groups and v else v for n, v in kept.items()}


def _merged(
    model: type[BaseModel], target: Mapping[str, Any], patch: Mapping[str, JsonValue]
) -> dict[str, Any]:
    groups, merged = _groups(model), dict(target)
    for name, value in patch.items():
        if value is None and name in model.model_fields:
            merged.pop(name, None)
        elif name in groups and isinstance(value, Mapping):
            merged[name] = _merged(groups[name], merged.get(name, {}), value)
        else:
            merged[name] = value
    return merged

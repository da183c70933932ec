"""Text messages and Teams cards of the sandbox, as plain pages for a browser."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.pages import cell, grid, page
from starters.sandbox.teams import TeamsSandbox
from starters.sandbox.twilio import TwilioSandbox


class PhonePages:
    """The pages over the two vendors; every value on them is escaped."""

    def __init__(self, twilio: TwilioSandbox, teams: TeamsSandbox) -> None:
        self._twilio = twilio
        self._teams = teams

    def routes(self) -> list[BaseRoute]:
        """The paths of the pages."""
        return [Route("/texts", self._texts), Route("/teams-cards", self._cards)]

    async def _texts(self, request: Request) -> Response:
        rows = [
            (cell(m["date_created"]), cell(m["from"]), cell(m["to"]), cell(m["body"]))
            for m in reversed(self._twilio.messages())
        ]
        return page("Text messages", grid(("At", "From", "To", "Text"), rows))

    async def _cards(self, request: Request) -> Response:
        rows = [(cell("\n".join(card["lines"])),) for card in reversed(self._teams.cards())]
        return page("Teams cards", grid(("Card",), rows))

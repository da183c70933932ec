"""What an operator may order: updates, each validated before anything changes."""

from __future__ import annotations

from temporalio import workflow

from workflows.contracts import MigrateBody, OrderBody, Status
from workflows.engine.state import Order


class Orders:
    """The updates of an enrollment. A refused one leaves no trace in the history."""

    def take_order(self, order: Order) -> None:
        """Carry out an order that ``objection_to`` let pass."""
        raise TypeError("the workflow that has these updates says how an order is carried out")

    def objection_to(self, order: Order) -> str:
        """Why an order cannot be carried out now; empty if it can."""
        raise TypeError("the workflow that has these updates says what it objects to")

    def take_migration(self, body: MigrateBody, update: str) -> None:
        """Carry out a migration that ``objection_to_migration`` let pass."""
        raise TypeError("the workflow that has these updates says how a lead is moved")

    def objection_to_migration(self, body: MigrateBody) -> str:
        """Why the lead cannot be moved to that version now; empty if it can."""
        raise TypeError("the workflow that has these updates says what it objects to")

    @property
    def is_pinned(self) -> bool:
        """Whether the ledger knows which version the workflow is on."""
        raise TypeError("the workflow that has these updates says when it is pinned")

    @property
    def has_exited(self) -> bool:
        """Whether the ledger has closed the enrollment."""
        raise TypeError("the workflow that has these updates says when it has exited")

    def status(self) -> Status:
        """Where the lead is."""
        raise TypeError("the workflow that has these updates says where the lead is")

    @workflow.update(description="Take the lead out; answers once no send can begin any more")
    async def remove(self, body: OrderBody) -> Status:
        """Exit with Manually Removed."""
        self.take_order(_order("remove", body))
        await workflow.wait_condition(lambda: self.has_exited)
        return self.status()

    @workflow.update(description="Hold the lead in place; stop events still act")
    async def pause(self, body: OrderBody) -> Status:
        """Stand still until ``resume``."""
        return self._ordered("pause", body)

    @workflow.update(description="Go on after a pause")
    async def resume(self, body: OrderBody) -> Status:
        """Go on with what the pause suspended."""
        return self._ordered("resume", body)

    @workflow.update(description="Try the step that needs attention again, as a new visit")
    async def retry(self, body: OrderBody) -> Status:
        """Enter the present step again."""
        return self._ordered("retry", body)

    @workflow.update(description="Leave the present step undone and go on")
    async def skip(self, body: OrderBody) -> Status:
        """Go to the following step."""
        return self._ordered("skip", body)

    @workflow.update(description="Go to the step named by target")
    async def move_to(self, body: OrderBody) -> Status:
        """Go to another step."""
        return self._ordered("move_to", body)

    @workflow.update(description="Send the mail of the step named by target once more")
    async def resend(self, body: OrderBody) -> Status:
        """A new visit of a step whose mail may not have arrived; the wait goes on afterwards."""
        return self._ordered("resend", body)

    @workflow.update(description="Go on in another published version")
    async def migrate(self, body: MigrateBody) -> Status:
        """Move to another version; answers once the ledger has pinned it."""
        info = workflow.current_update_info()
        self.take_migration(body, info.id if info else "")
        await workflow.wait_condition(lambda: self.is_pinned)
        return self.status()

    @remove.validator
    def _may_remove(self, body: OrderBody) -> None:
        self._check("remove", body)

    @pause.validator
    def _may_pause(self, body: OrderBody) -> None:
        self._check("pause", body)

    @resume.validator
    def _may_resume(self, body: OrderBody) -> None:
        self._check("resume", body)

    @retry.validator
    def _may_retry(self, body: OrderBody) -> None:
        self._check("retry", body)

    @skip.validator
    def _may_skip(self, body: OrderBody) -> None:
        self._check("skip", body)

    @move_to.validator
    def _may_move_to(self, body: OrderBody) -> None:
        self._check("move_to", body)

    @resend.validator
    def _may_resend(self, body: OrderBody) -> None:
        self._check("resend", body)

    @migrate.validator
    def _may_migrate(self, body: MigrateBody) -> None:
        problem = self.objection_to_migration(body)
        if problem:
            raise ValueError(f"migrate: {problem}")

    def _ordered(self, verb: str, body: OrderBody) -> Status:
        self.take_order(_order(verb, body))
        return self.status()

    def _check(self, verb: str, body: OrderBody) -> None:
        problem = self.objection_to(_order(verb, body))
        if problem:
            raise ValueError(f"{verb}: {problem}")


def _order(verb: str, body: OrderBody) -> Order:
    return Order.model_validate({"verb": verb} | body.model_dump())

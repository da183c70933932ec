"""How each activity is called: its queue, its time-outs and how patiently it is retried.

What may be retried at all is decided by the error, in ``activities/errors.py``; only how often and
how long is decided here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NotRequired, TypedDict

from temporalio.common import RetryPolicy

NEVER_RETRIED = ["Never", "Unclear"]
"""Error types that no retry mends: the enrollment parks, or the effect is listed as unknown."""

EFFECT_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=5),
    non_retryable_error_types=NEVER_RETRIED,
)
BOOKKEEPING_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
)


class Options(TypedDict):
    """The arguments of ``workflow.start_activity`` that are the same for a kind of activity."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta | None
    retry_policy: RetryPolicy
    heartbeat_timeout: NotRequired[timedelta]


EFFECT_TRIED_FOR = timedelta(days=3)

EFFECT: Options = {
    # A dead worker is noticed after start-to-close, so it bounds how late a retry begins.
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": EFFECT_TRIED_FOR,
    "retry_policy": EFFECT_RETRY,
}
WRITEBACK: Options = {
    # What the enrollment does not get done soon, the Writeback workflow does.
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(minutes=2),
    "retry_policy": EFFECT_RETRY,
}
BOOKKEEPING: Options = {
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": None,
    "retry_policy": BOOKKEEPING_RETRY,
}
DRAIN: Options = {
    # Up to 200 records, each bounded by the client's own time-outs.
    "start_to_close_timeout": timedelta(minutes=10),
    # A dead worker must not keep a whole connection waiting for so long.
    "heartbeat_timeout": timedelta(seconds=15),
    "schedule_to_close_timeout": None,
    "retry_policy": BOOKKEEPING_RETRY,
}
ADVANCE: Options = {
    # A round asks a bounded number of leads in; it may be done again at any time.
    "start_to_close_timeout": timedelta(minutes=5),
    "heartbeat_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": None,
    "retry_policy": BOOKKEEPING_RETRY,
}

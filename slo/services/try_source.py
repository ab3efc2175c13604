"""Ask a source whether it answers, for a person who has just described it."""

import logging
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass
from datetime import datetime

from slo.errors import BrownoutError
from slo.maths.windows import to_epoch
from slo.models import Source
from slo.sources import registry
from slo.sources.base import Labelled

LIMIT, AT_ONCE = 10.0, 4
log = logging.getLogger(__name__)
_pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="try-source")


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the source answered, and what it said."""

    answered: bool
    text: str


def try_source(source: Source, at: datetime) -> Answer:
    """One small question at most, with a time limit. Never raises."""
    try:
        adapter = registry.build(source.kind, source.spec)
    except BrownoutError as wrong:
        return Answer(False, str(wrong))
    if not isinstance(adapter, Labelled):
        told = {
            Source.Kind.PROBE: "Its checks are run by Brownout itself; each objective names its own.",
            Source.Kind.EVENTS: "Programs send their counts to /api/v1/events; there is nothing to connect to.",
        }
        return Answer(True, told.get(Source.Kind(source.kind), "There is nothing to connect to."))
    selector = "up" if source.kind == Source.Kind.PROMETHEUS else "process_start_time_seconds"
    future = _pool.submit(adapter.label_sets, selector, ["job"], to_epoch(at))
    try:
        error = future.exception(LIMIT)
    except LateError:
        return Answer(False, f"It has not answered within {LIMIT:.0f} s.")
    if error is None:
        jobs = [found["job"] for found in future.result() if found["job"]]
        return Answer(True, f"It answers, and scrapes {', '.join(sorted(jobs)[:5])}." if jobs else "It answers.")
    if not isinstance(error, BrownoutError):
        log.error("The source %s cannot be tried", source.name, exc_info=error)
    return Answer(False, str(error) if isinstance(error, BrownoutError) else type(error).__name__)

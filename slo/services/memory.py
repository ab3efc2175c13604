"""Finds out how far back the sources remember: seldom, since that changes with a restart of theirs only."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db.models import Q

from slo.errors import BrownoutError
from slo.models import Source, SourceState
from slo.sources import registry
from slo.sources.memory import Remembering

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
AT_ONCE = 8


def look(at: datetime) -> int:
    """Ask every Prometheus that has answered and was not asked within the hour. Returns how many were asked."""
    due = SourceState.objects.filter(
        Q(looked_at=None) | Q(looked_at__lte=at - EVERY), source__kind=Source.Kind.PROMETHEUS
    )
    states = list(due.exclude(answered_at=None).select_related("source"))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="memory") as pool:
        found = list(pool.map(_ask, [state.source for state in states]))
    _save(states, found, at)
    return len(states)


def _ask(source: Source) -> int | None:
    """In a thread: no database here. What goes wrong is nothing known."""
    try:
        adapter = registry.build(source.kind, source.spec)
        return adapter.remembers() if isinstance(adapter, Remembering) else None
    except BrownoutError:
        return None
    except Exception:
        log.exception("The source %s cannot be asked how far back it remembers", source.name)
        return None


def _save(states: Sequence[SourceState], found: Sequence[int | None], at: datetime) -> None:
    for state, seconds in zip(states, found, strict=True):
        SourceState.objects.filter(pk=state.pk).update(remembers=seconds, looked_at=at)

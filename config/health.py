"""Is it alive, can it serve, and does the loop run?

`live` touches nothing. `ready` and `deep` are kept for some seconds, so that asking often costs nothing.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from alerts.selectors import dead_letters, outbox_depth
from config.celery import app
from slo.models import Heartbeat, Source, SourceState

PARTS = ("beat", "worker", "collect", "evaluate", "react", "deliver")
READY_SECONDS, DEEP_SECONDS = 2, 5


class LivenessMiddleware:
    """Answers /health/live before anything else is asked: no host check, no redirect, no session, no database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/health/live":
            return JsonResponse({"status": "ok"})
        return self.get_response(request)


def ready(request: HttpRequest) -> HttpResponse:
    """Can requests be served? 503 with the reasons if not."""
    reasons = cache.get_or_set("health:ready", _unready, READY_SECONDS)
    return _answer({"reasons": reasons}, ok=not reasons)


def deep(request: HttpRequest) -> HttpResponse:
    """Does the loop run? Ages in seconds of every part and source, and what waits to be delivered."""
    report, ok = cache.get_or_set("health:deep", _deep, DEEP_SECONDS) or _deep()
    return _answer(report, ok=ok)


def _answer(report: dict[str, Any], *, ok: bool) -> HttpResponse:
    response = JsonResponse({"status": "ok" if ok else "failing", **report}, status=200 if ok else 503)
    response["Cache-Control"] = "no-store"
    return response


def _unready() -> list[str]:
    checks = {"database": _database, "migrations": _migrations, "broker": _broker}
    reasons = []
    for name, check in checks.items():
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whatever is wrong is the answer
            # The kind of error only: its text may hold addresses or credentials.
            reasons.append(f"{name}: {error if isinstance(error, _Unready) else type(error).__name__}")
    return reasons


class _Unready(Exception):  # noqa: N818 - a reason, told as it is
    pass


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        raise _Unready(f"{len(pending)} not applied; run `manage.py migrate`")


def _broker() -> None:
    with app.connection_for_read() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)


def _deep() -> tuple[dict[str, Any], bool]:
    now = datetime.now(UTC)
    beats = {b.name: (now - b.at).total_seconds() for b in Heartbeat.objects.filter(name__in=PARTS)}
    parts = {name: _age(beats.get(name)) for name in PARTS}
    states = {s.source_id: s for s in SourceState.objects.all()}
    sources = {
        source.name: _source(states.get(source.pk), now)
        for source in Source.objects.exclude(objectives=None).distinct()
    }
    dead = len(dead_letters())
    ok = all(part["ok"] for part in (*parts.values(), *sources.values()))
    return {"parts": parts, "sources": sources, "outbox": {"waiting": outbox_depth(), "dead": dead}}, ok


def _age(seconds: float | None) -> dict[str, Any]:
    return {"age": seconds, "ok": seconds is not None and seconds <= limit()}


def _source(state: SourceState | None, now: datetime) -> dict[str, Any]:
    if state is None or state.answered_at is None:
        return {"age": None, "ok": False}
    return _age((now - state.answered_at).total_seconds())


def limit() -> float:
    """Four ticks without a sign of life are too many; ticks of a second get a little more patience."""
    return float(max(4 * settings.TICK_SECONDS, 15))

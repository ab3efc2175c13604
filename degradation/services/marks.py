"""What the loop's state means for each flag of a service, whatever was applied, moved or missed since the last time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from degradation.models import Flag, FlagChange
from degradation.rules.shedding import Decision, State
from degradation.rules.value import ALL
from degradation.services.changes import change
from degradation.services.flags import DRY, RESTORED

Cause = FlagChange.Cause


def mark(flags: Sequence[Flag], decision: Decision, at: datetime) -> None:
    """Make the flags' marks what the state says, each change with its reason. Call inside a transaction."""
    for flag in flags:
        served = decision.state.served(flag.tier) if flag.sheddable else ALL
        reason = decision.reason if decision.tier == flag.tier else _other(flag, served)
        dry = flag.dry_run or decision.state.dry
        _shed(flag, ALL if dry else served, reason, decision, flags, at)
        _dry(flag, reason, at, wanted=dry and served < ALL)


def _other(flag: Flag, served: int) -> str:
    return f"tier {flag.tier} of its service is {'shed' if served < ALL else 'not shed'}"


def _shed(flag: Flag, served: int, reason: str, decision: Decision, flags: Sequence[Flag], at: datetime) -> None:
    shed = flag.shed_at is not None
    if served == ALL:
        if shed:
            reverted = decision.action == "revert" and decision.tier == flag.tier
            cause = Cause.REVERTED if reverted else Cause.RESTORED
            change(flag, at, cause, reason, RESTORED, alert=flag.shed_by_id)
        return
    to = flag.dim_to + (ALL - flag.dim_to) * served // ALL
    if shed and flag.shed_to == to:
        return
    alert = _alert(flag, decision, flags)
    marks: dict[str, Any] = {"shed_to": to, "shed_reason": reason, "shed_by_id": alert}
    if not shed:
        marks["shed_at"] = at
    change(flag, at, Cause.RAMPED if shed and to > flag.shed_to else Cause.SHED, reason, marks, alert=alert)


def _dry(flag: Flag, reason: str, at: datetime, *, wanted: bool) -> None:
    if wanted and flag.dry_at is None:
        change(flag, at, Cause.WOULD_SHED, reason, {"dry_at": at, "dry_reason": reason})
    elif not wanted and flag.dry_at is not None:
        change(flag, at, Cause.WOULD_RESTORE, reason, DRY)


def _alert(flag: Flag, decision: Decision, flags: Iterable[Flag]) -> int | None:
    if decision.tier == flag.tier and decision.cause:
        return decision.cause.alert
    return flag.shed_by_id or next((other.shed_by_id for other in flags if other.shed_by_id), None)


def nothing_shed(state: State, reason: str) -> Decision:
    """The decision that leaves nothing shed, to mark flags by."""
    return Decision("hold", State(dry=state.dry), reason)

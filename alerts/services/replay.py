"""Replay a burn policy over the stored history of an objective: what would it have told, when, how often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from alerts.rules.policy import Timing, parse_windows, timing
from alerts.rules.replay import Change, WouldBe, bad_spells, delays
from alerts.rules.replay import replay as run
from slo import selectors
from slo.errors import NotFoundError, PolicyError, ReplayError
from slo.maths.burn import SEVERITIES, BurnWindow, burn_rate, check
from slo.maths.ledger import Span
from slo.maths.windows import format_duration, from_epoch, to_epoch
from slo.models import BurnPolicy, Objective

# At half a minute a judgement, a quarter of a year is as much as one wants to wait for.
LONGEST = 92 * 86_400


@dataclass(frozen=True, slots=True)
class Replay:
    """What a policy would have done to an objective after `since` up to `until`.

    `resolution` is the longest time in seconds between two judgements: old rows of the ledger are thinned. `note`
    says what cannot be told because of it.
    """

    objective: str
    policy: str
    windows: tuple[BurnWindow, ...]
    since: datetime
    until: datetime
    judgements: int
    resolution: int
    alerts: Sequence[WouldBe]
    changes: Sequence[Change]
    incidents: Sequence[Span]
    note: str

    def count(self, severity: str) -> int:
        """How often somebody would have been told with that severity."""
        return sum(alert.severity == severity for alert in self.alerts)

    def as_json(self) -> dict[str, Any]:
        """The public form."""
        named = {name: getattr(self, name) for name in ("objective", "policy", "since", "until", "judgements")}
        return {
            **named,
            "windows": [str(window) for window in self.windows],
            "resolution": self.resolution,
            "pages": self.count("page"),
            "tickets": self.count("ticket"),
            "alerts": [alert.as_json() for alert in self.alerts],
            "changes": [
                {"at": c.at, "severity": c.severity, "before": c.before, "after": c.after} for c in self.changes
            ],
            "incidents": [{"start": from_epoch(s.start), "end": from_epoch(s.end)} for s in self.incidents],
            "note": self.note or None,
        }


def replay(
    item: Objective, since: datetime, until: datetime, at: datetime, policy: str = "", windows: str = ""
) -> Replay:
    """Judge the history of an objective again, by a named policy, by windows, or by its own policy.

    Raises ReplayError, PolicyError, NotFoundError.
    """
    until = min(until, at)
    name, chosen, stated = _policy(item, policy, windows)
    if since >= until:
        raise ReplayError("There is nothing to replay: since must be before until, and in the past")
    if (until - since).total_seconds() > LONGEST:
        raise ReplayError(f"A replay covers at most {format_duration(LONGEST)}; choose a shorter span")
    patience: dict[str, Timing] = {
        s: timing(chosen, s, stated) for s in SEVERITIES if any(w.severity == s for w in chosen)
    }
    instants: list[int] = []

    def seen() -> Any:
        for status in selectors.judged(item, since, until, chosen):
            instants.append(to_epoch(status.as_of))
            yield status

    outcome = run(seen(), patience)
    incidents = _incidents(item, [to_epoch(since), *instants], chosen)
    delays(outcome.alerts, incidents)
    resolution = max((high - low for low, high in pairwise(instants)), default=0)
    return Replay(
        objective=item.name,
        policy=name,
        windows=chosen,
        since=since,
        until=until,
        judgements=len(instants),
        resolution=resolution,
        alerts=outcome.alerts,
        changes=outcome.changes,
        incidents=incidents,
        note=_note(instants, chosen),
    )


def _policy(item: Objective, policy: str, windows: str) -> tuple[str, tuple[BurnWindow, ...], Mapping[str, Any]]:
    """The name, windows and timing to replay. Raises PolicyError for what could never fire."""
    if policy and windows:
        raise ReplayError("Name a policy or give windows, not both")
    stated: Mapping[str, Any] = {}
    if windows:
        name, chosen = "as given", parse_windows(windows)
    elif policy:
        row = BurnPolicy.objects.filter(name=policy).first()
        if row is None:
            raise NotFoundError(f"There is no burn policy named {policy!r}")
        name, chosen, stated = row.name, tuple(BurnWindow(**window) for window in row.windows), row.timing
    else:
        own = item.burn_policy
        name, chosen, stated = (own.name if own else "SRE Workbook"), item.policy(), own.timing if own else {}
    check(chosen, item.target)
    for window in chosen:
        if window.long >= item.span().seconds:
            raise PolicyError(f"{window}: the long window must be shorter than the objective's period, {item.span()}")
    return name, chosen, stated


def _incidents(item: Objective, instants: Sequence[int], chosen: Sequence[BurnWindow]) -> list[Span]:
    """Where the objective burned faster than the gentlest window of the policy tolerates, row by row."""
    least, gap = min(w.factor for w in chosen), min(w.short for w in chosen)
    rows = zip(pairwise(instants), selectors.between(item, instants), strict=True)
    burns = ((Span(low, high), burn_rate(window.ratio, item.target)) for (low, high), window in rows)
    return bad_spells(((span, burn is not None and burn > least) for span, burn in burns), gap)


def _note(instants: Sequence[int], chosen: Sequence[BurnWindow]) -> str:
    """What a thinned history cannot tell."""
    if not instants:
        return "the ledger has no rows in this span"
    shortest = min(window.short for window in chosen)
    coarse = [high for low, high in pairwise(instants) if high - low > shortest]
    if not coarse:
        return ""
    return (
        f"up to {from_epoch(coarse[-1]):%Y-%m-%d %H:%M} UTC the ledger has rows further apart than the shortest "
        f"window, {format_duration(shortest)}: alerts there may be missing or late"
    )

"""Error budgets: how much failure a promise leaves room for, and when it runs out."""

from dataclasses import dataclass

from slo.maths.ledger import Window


@dataclass(frozen=True, slots=True)
class Budget:
    """Bad events allowed and spent in a period; `remaining` is a share of the budget, negative when overspent.

    All are None while nothing is known.
    """

    total: float | None
    spent: float | None
    remaining: float | None

    def as_json(self) -> dict[str, float | None]:
        return {"total": self.total, "spent": self.spent, "remaining": self.remaining}


@dataclass(frozen=True, slots=True)
class Projection:
    """What a calendar period comes to: its `events` and `budget` at its end, if all goes on at the pace so far.

    The pace is events for each second observed so far, held over the `ahead` seconds that will still count (observed or
    not, the past stays as it is). `unspent` is the share of that budget which is not spent yet.
    """

    events: float
    budget: Budget
    unspent: float
    observed: float
    ahead: float

    def as_json(self) -> dict[str, object]:
        return {"events": self.events, "budget": self.budget.as_json(), "unspent": self.unspent}

    def seconds_to_exhaustion(self, burn: float | None) -> float | None:
        """Seconds until the budget of the whole period is spent at a constant burn rate; None if it lasts."""
        if burn is None or burn <= 0 or self.unspent <= 0:
            return None
        seconds = self.unspent * (self.observed + self.ahead) / burn
        return seconds if seconds <= self.ahead else None


def project(window: Window, target: float, ahead: float) -> Projection | None:
    """What a period so far comes to, with `ahead` seconds still to count; None while nothing is known."""
    spent, total = window.bad, window.total
    if spent is None or total is None or total <= 0:
        return None
    observed = window.sums.observed
    growth = 1 + ahead / observed
    allowed = (1 - target) * total * growth
    at_end = Budget(allowed, spent * growth, 1 - spent * growth / allowed)
    return Projection(total * growth, at_end, 1 - spent / allowed, observed, ahead)


def budget(window: Window, target: float) -> Budget:
    """The budget of a period so far: (1 − target) of its events. `target` is a ratio strictly between 0 and 1."""
    if window.total is None or window.bad is None or window.total <= 0:
        return Budget(None, None, None)
    allowed = (1 - target) * window.total
    return Budget(allowed, window.bad, 1 - window.bad / allowed)


def seconds_to_exhaustion(remaining: float | None, burn: float | None, period: int) -> float | None:
    """Seconds until a budget is spent at a constant burn rate; None if it never is, or already was.

    At a burn rate of 1 a rolling budget is spent exactly as fast as it comes back, so it lasts.
    """
    if remaining is None or burn is None or burn <= 1 or remaining <= 0:
        return None
    return remaining * period / burn

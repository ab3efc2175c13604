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

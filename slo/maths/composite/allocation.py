"""Shares of a system's error budget: what each component may spend of it, what it has spent, and who overspends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allotment:
    """What one component may do: its target, and the share of the system's budget stated for it, if one is."""

    name: str
    target: float
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One component's part in the system's budget; shares from 0 up, where 1 is the whole budget.

    `weight` is the part of its outage that reaches users (Birnbaum's importance). `spent` is None where nothing was
    observed.
    """

    name: str
    target: float
    observed: float | None
    weight: float
    allotted: float
    spent: float | None

    @property
    def overspends(self) -> bool:
        return self.spent is not None and self.spent > self.allotted


@dataclass(frozen=True, slots=True)
class Allocation:
    """All rows, the greatest allotment first, and their sums."""

    rows: tuple[Row, ...]
    allotted: float
    spent: float

    @property
    def fits(self) -> bool:
        """Is no more given away than there is?"""
        return self.allotted <= 1.0 + 1e-9


def allocate(
    promise: float, allotments: Sequence[Allotment], observed: Mapping[str, float | None], weights: Mapping[str, float]
) -> Allocation:
    """Share out the budget of a promise. Without a stated share a component gets what its target lets it take:
    weight·(1 - target) / (1 - promise); it has spent weight·(1 - observed) / (1 - promise).
    """
    budget = 1.0 - promise
    rows = []
    for item in allotments:
        weight, seen = weights.get(item.name, 0.0), observed.get(item.name)
        allotted = item.share if item.share is not None else weight * (1.0 - item.target) / budget
        spent = None if seen is None else weight * (1.0 - seen) / budget
        rows.append(Row(item.name, item.target, seen, weight, allotted, spent))
    rows.sort(key=lambda row: (-row.allotted, row.name))
    return Allocation(tuple(rows), sum(r.allotted for r in rows), sum(r.spent for r in rows if r.spent is not None))

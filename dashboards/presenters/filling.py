"""How far back an objective's ledger reaches, and whether more is being filled in or could be."""

from dataclasses import dataclass
from datetime import datetime

from dashboards import formats
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Filling, Objective, Watermark
from slo.services.filling import remembers


@dataclass(frozen=True, slots=True)
class Reach:
    """What there is to say; `share` of the filling that is done while it goes on, `offer` the words of a button."""

    text: str
    tone: str = ""
    share: float | None = None
    offer: str = ""


def reach(item: Objective, at: datetime) -> Reach | None:
    """None once the ledger reaches back over the whole period, or before anything was measured."""
    row = Filling.objects.filter(objective=item).first()
    if row is not None and row.state != Filling.State.DONE:
        return _unfinished(row, item)
    mark = Watermark.objects.filter(objective=item).first()
    start = to_epoch(item.span().bounds(at)[0])
    if mark is None or mark.started <= start + 3_600 or item.parent_id:
        return None
    since = f"Measured since {_day(mark.started)}"
    if not remembers(item):
        return Reach(f"{since}: {item.source} knows only the present, so the period fills up by and by.")
    if row is not None:
        return Reach(f"{since}: {row.note or f'{item.source} knows nothing from before'}.")
    return Reach(f"{since}; {item.source} may remember more.", offer="Fill in the history")


def _unfinished(row: Filling, item: Objective) -> Reach:
    back = _day(row.reached)
    if row.state == Filling.State.FAILED:
        return Reach(f"History could not be filled in further than {back}: {row.note}.", "warn", offer="Try again")
    done = formats.percent(row.share, 0)
    return Reach(f"History is being filled in from {item.source}: so far back to {back}, {done}.", share=row.share)


def _day(instant: int) -> str:
    moment = from_epoch(instant)
    return f"{moment.day} {moment:%b, %H:%M} UTC"

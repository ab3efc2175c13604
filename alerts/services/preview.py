"""What an objective would look like, and whom it would have woken, before it is saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.rules.policy import Timing, timing
from alerts.rules.replay import WouldBe
from alerts.rules.replay import replay as run
from slo.maths.burn import SEVERITIES
from slo.maths.ledger import Window
from slo.maths.status import Status
from slo.maths.windows import from_epoch
from slo.models import Objective
from slo.services.survey import STEP, Survey, survey

# Six hours a bar: as narrow as one can still see in a drawing of 30 days.
BAR, DAY = 21_600, 86_400


@dataclass(frozen=True, slots=True)
class Preview:
    """The last 30 days of an objective that may not exist yet. Without `status` there is only a problem to tell."""

    item: Objective
    survey: Survey
    whole: Window
    bars: Sequence[Window] = ()
    days: Sequence[Window] = ()
    status: Status | None = None
    alerts: Sequence[WouldBe] = ()

    @property
    def note(self) -> str:
        """What the five minutes between two figures hide."""
        short = any(window.short < STEP for window in self.item.policy())
        windows = "alerts of windows shorter than five minutes may be missing" if short else ""
        return "; ".join(filter(None, (self.survey.note, windows)))


def preview(item: Objective, at: datetime) -> Preview:
    """Ask the source about the objective's last 30 days, and replay its burn windows over them. Never raises."""
    found = survey(item, at)
    rows, start, end = found.rows, found.start, found.end
    whole = rows.window(start, end)
    if not whole.known:
        return Preview(item, found, whole)
    policy, own = item.policy(), item.burn_policy
    stated = own.timing if own else {}
    patience: dict[str, Timing] = {
        s: timing(policy, s, stated) for s in SEVERITIES if any(window.severity == s for window in policy)
    }
    statuses = list(rows.judged(item.facts(), from_epoch(start), from_epoch(end)))
    alerts = run(statuses, patience).alerts
    bars, days = ([rows.window(low, low + size) for low in range(start, end, size)] for size in (BAR, DAY))
    return Preview(item, found, whole, bars, days, statuses[-1] if statuses else None, alerts)

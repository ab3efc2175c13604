"""The silences in force at an instant, and whom they hold."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from alerts.models import Silence
from alerts.rules import silence as rules
from slo.errors import DefinitionError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """The silences in force at an instant, read once for many alerts."""

    at: datetime
    rows: Mapping[int, Silence]
    quiets: tuple[rules.Quiet, ...]

    def holding(self, labels: Mapping[str, str]) -> Silence | None:
        """The silence that holds an alert with these labels."""
        found = rules.holding(self.quiets, labels, self.at)
        return self.rows[found.pk] if found else None


def standing(at: datetime) -> Standing:
    """The silences in force at an instant. One that was ended by hand is over, even for a judgement that is late."""
    chosen = Silence.objects.filter(~Q(rule="") | Q(end__gt=at), start__lte=at, ended_at=None)
    rows = {row.pk: row for row in chosen.select_related("created_by", "ended_by")}
    return Standing(at, rows, tuple(_understood(rows.values(), at)))


def _understood(rows: Iterable[Silence], at: datetime) -> Iterator[rules.Quiet]:
    """Those in force. One that cannot be read any more silences nothing, and does not stop the judgement."""
    for row in rows:
        try:
            quiet = row.as_rule()
            if quiet.until(at):
                yield quiet
        except DefinitionError:
            log.exception("Silence %s is not understood and holds nothing", row.pk)


def holding(labels: Mapping[str, str], at: datetime) -> Silence | None:
    """The silence that holds an alert with these labels at an instant; `standing` answers for many of them."""
    return standing(at).holding(labels)

"""What several kinds check and do together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from django.db.models import F, QuerySet

from slo.errors import CatalogError, DefinitionError, PolicyError, QueryError
from slo.maths.burn import check
from slo.maths.windows import format_duration
from slo.models import Objective, Source, Watermark
from slo.openslo.load import Document
from slo.services.catalog.resolver import Resolver
from slo.sources.selector import parse

T = TypeVar("T")
FILE_LENGTH = 500


class Gather:
    """Collects the errors of several checks, so that a person sees them all at once."""

    def __init__(self) -> None:
        self._errors: list[DefinitionError] = []

    def __call__(self, function: Callable[..., T], *args: Any) -> T | None:
        """What the function returns, or None when it raises DefinitionError."""
        try:
            return function(*args)
        except DefinitionError as error:
            self._errors.append(error)
            return None

    def finish(self) -> None:
        """Raises CatalogError if anything was wrong."""
        if self._errors:
            raise CatalogError(self._errors)


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is not empty."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def staying(objectives: QuerySet[Objective], resolver: Resolver) -> Iterator[Objective]:
    """The objectives that no present document declares, and that stay: theirs is the kind changed beneath them."""
    if not resolver.prune:
        for objective in objectives.select_related("service", "burn_policy"):
            if not resolver.declares(Objective, objective.name):
                yield objective


def note_file(row: Any, document: Document[Any]) -> None:
    """Keep where the document lies. That is nobody's change: the same words out of another folder are the same."""
    file = document.file[-FILE_LENGTH:]
    if row.pk and file and row.file != file:
        row.file = file
        row.save(update_fields=["file"])


def forget_cursors(objectives: Iterable[Objective]) -> None:
    """Let counting go on from now: what the source remembers is of other counters. History stays."""
    marks = Watermark.objects.filter(objective__in=[objective.pk for objective in objectives])
    marks.update(cursor={}, version=F("version") + 1)


def check_readable(sli: Mapping[str, Any], source: Source) -> None:
    """Raises DefinitionError when a source of that kind cannot read the SLI."""
    for kind in (Source.Kind.PROBE, Source.Kind.EVENTS):
        if (kind in sli) != (source.kind == kind):
            raise DefinitionError(f"an SLI of {kind} belongs to a DataSource of the type {kind}, and no other does")
    if "probe" in sli and "tls_expiry_days" in sli["probe"] and source.spec.get("tls", {}).get("insecure_skip_verify"):
        raise DefinitionError("tlsExpiryDays needs a DataSource that verifies certificates (no insecureSkipVerify)")
    if "events" in sli and "slice" in sli:
        raise DefinitionError("posts may come late, into slices judged already; use budgetingMethod: Occurrences")
    if source.kind != Source.Kind.SCRAPE:
        return
    if not sli.get("counter"):
        raise DefinitionError("a scrape source counts bare selectors of counters; write counter: true")
    for side in sorted({"good", "bad", "total"} & sli.keys()):
        try:
            parse(sli[side])
        except QueryError as error:
            raise DefinitionError(f"a scrape source cannot read its {side} events: {error}") from None


def check_policy(objective: Objective) -> None:
    """Raises PolicyError when a burn window can never fire at the objective's target, or not within its period."""
    try:
        check(objective.policy(), objective.target)
    except PolicyError as error:
        if objective.burn_policy is not None:
            raise
        hint = "give the SLO a BurnPolicy with lower factors by the annotation brownout/burn-policy"
        raise PolicyError(f"{error.message}; {hint}") from None
    period = objective.span().seconds
    if not objective.policy():
        raise PolicyError(
            f"there are no burn windows for a period as short as {format_duration(period)}; "
            "give the SLO a BurnPolicy by the annotation brownout/burn-policy"
        )
    for window in objective.policy():
        if window.long >= period:
            raise PolicyError(f"{window}: the long window must be shorter than the period, {format_duration(period)}")

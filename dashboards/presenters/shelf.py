"""What runbooks are for, as the lint sees it: objectives, and the failure modes of components and capabilities."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from datetime import datetime

from django.conf import settings
from django.urls import Resolver404, resolve

from alerts import selectors as alerts
from alerts import selectors_runbooks as reads
from alerts.models import Runbook
from alerts.rules.lint import Book, Failure, Finding, World, findings
from dashboards import formats
from degradation import selectors as degradation
from degradation.models import Capability, Flag
from slo import selectors
from slo.maths import structure
from slo.models import BudgetPolicy, Component, Objective


def check(at: datetime, stale_days: int | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong with the runbooks and around them."""
    days = settings.RUNBOOK_STALE_DAYS if stale_days is None else stale_days
    return findings(books(), world(), at, days)


def books(found: Iterable[Runbook] | None = None) -> list[Book]:
    """The runbooks as the lint sees them."""
    exercised, first = reads.exercised(), reads.first_written()
    return [
        Book(
            name=book.name,
            body=book.latest.body,
            written=first.get(book.name, book.latest.created_at),
            covers=tuple(book.covers),
            exercised=exercised.get(book.name),
            file=book.file,
        )
        for book in (alerts.runbooks() if found is None else found)
        if book.latest
    ]


def world() -> World:
    """What there is to write runbooks for."""
    items = list(selectors.objectives())
    components = list(Component.objects.all())
    objectives = {item.name: item.runbook for item in items}
    flags = frozenset(Flag.objects.values_list("key", flat=True))
    return World(
        objectives=objectives,
        failures=(*_components(components, items), *_capabilities()),
        flags=flags,
        components=frozenset(item.name for item in components),
        capabilities=frozenset(Capability.objects.values_list("name", flat=True)),
        referred=_referred(),
        leads_somewhere=_leads_somewhere(objectives, flags),
    )


def _components(components: Iterable[Component], items: Iterable[Objective]) -> list[Failure]:
    named: dict[int | None, set[str]] = defaultdict(set)
    for item in items:
        if item.runbook:
            named[item.component_id].add(item.runbook)
    return [
        Failure(f"component/{item.name}", f"the component {item.name} fails", tuple(sorted(named[item.pk])))
        for item in components
    ]


def _capabilities() -> list[Failure]:
    """A capability fails through the components its full mode needs, whatever modes it falls back to."""
    found = []
    for item in Capability.objects.all():
        modes = degradation.modes(item)
        if len(modes) < 2:
            continue
        needs = sorted({name for mode in modes if mode.when for name in structure.names(mode.when)})
        fallen = formats.listing([f"“{mode.name}”" for mode in modes[1:]])
        said = f"the capability {item.name} is in its mode {fallen}"
        found.append(Failure(f"capability/{item.name}", said, (), tuple(f"component/{name}" for name in needs)))
    return found


def _referred() -> frozenset[str]:
    """Runbooks named in the words of error-budget policies, as /runbooks/name/."""
    texts = [str(policy.steps) for policy in BudgetPolicy.objects.all()]
    return frozenset(part.partition("/")[0] for text in texts for part in text.split("/runbooks/")[1:])


def _leads_somewhere(objectives: Container[str], flags: Container[str]) -> Callable[[str], bool]:
    """Whether our pages have something at a path: an address there is, and for a named thing the thing itself."""

    def leads(path: str) -> bool:
        try:
            match = resolve(path)
        except Resolver404:
            return False
        if match.url_name == "objective":
            return match.kwargs["name"] in objectives
        return match.url_name != "flag" or match.kwargs["key"] in flags

    return leads

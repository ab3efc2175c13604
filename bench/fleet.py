"""Made-up objectives for the measurements: declared as a catalog would, and with a month of ledger where one is wanted.

The loop measures them through a real Prometheus; pages only look at what is there.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from alerts.models import Alert, about
from bench.cost import SCRAPE, TICK
from degradation.models import Capability
from slo import selectors
from slo.maths.windows import floor_to, from_epoch, to_epoch
from slo.models import Component, Measurement, Objective, Service, Source, Watermark
from slo.services import standing

# As thinning leaves a ledger: every tick for 6 hours, a minute up to 3 days, 5 minutes before that.
BANDS = ((6 * 3_600, TICK), (3 * 86_400, 60), (30 * 86_400, 300))
# Ledgers that differ; the others are copies of these.
KINDS = 20
SERVICES, COMPONENTS, CAPABILITIES = 40, 200, 12
EVENTS = 10  # a second


def declare(count: int, url: str) -> list[Objective]:
    """`count` objectives of one service, measured by the Prometheus at that address, and nothing else."""
    Objective.objects.all().delete()
    service, _ = Service.objects.get_or_create(name="bench")
    return Objective.objects.bulk_create(_objective(number, service, _source(url)) for number in range(count))


def _source(url: str) -> Source:
    spec = {"url": url, "scrape_interval": SCRAPE, "timeout": 120}
    return Source.objects.update_or_create(name="bench", defaults={"kind": "prometheus", "spec": spec})[0]


def _objective(number: int, service: Service, source: Source, **fields: Any) -> Objective:
    sli = {
        "bad": f'errors_total{{service="s{number}"}}',
        "total": f'requests_total{{service="s{number}"}}',
        "counter": True,
    }
    return Objective(
        name=f"objective-{number}",
        service=service,
        source=source,
        target=0.999,
        period={"rolling": 30 * 86_400},
        sli=sli,
        **fields,
    )


def furnish(count: int, alerts: int, end: datetime) -> list[Objective]:
    """A company: `count` objectives of many teams with a month of ledger up to `end`, some in trouble, open alerts."""
    source = _source("http://127.0.0.1:9")
    services = Service.objects.bulk_create(
        Service(name=f"service-{number}", title=f"Service {number}", owner=f"team {number % 11}")
        for number in range(SERVICES)
    )
    components = Component.objects.bulk_create(
        Component(name=f"part-{number}", service=services[number % SERVICES], tier=1 + number % 4)
        for number in range(COMPONENTS)
    )
    made = Objective.objects.bulk_create(
        _objective(
            number,
            (part := components[number % COMPONENTS]).service,
            source,
            title=f"What users want number {number} works",
            component=part,
            owner=part.service.owner if number % 3 else "",
            indicator="latency" if number % 4 == 3 else "availability",
            labels={"region": f"r{number % 3}"},
        )
        for number in range(count)
    )
    Capability.objects.bulk_create(_capability(number, services, components) for number in range(CAPABILITIES))
    _remember(made, end)
    _alert(made[:alerts], end)
    return made


def _capability(number: int, services: Sequence[Service], components: Sequence[Component]) -> Capability:
    needs = ", ".join(component.name for component in components[number::CAPABILITIES][:6])
    modes = [{"name": "full", "when": f"all({needs})"}, {"name": "none", "message": "It is not there now."}]
    return Capability(name=f"capability-{number}", service=services[number], modes=modes)


def _remember(made: Sequence[Objective], end: datetime) -> None:
    """A ledger for each: of each kind one is made, and the database copies it."""
    last = floor_to(to_epoch(end), TICK)
    instants = sorted({at for age, step in BANDS for at in range(floor_to(last - age, step), last + 1, step)})
    for number, item in enumerate(made[:KINDS]):
        Measurement.objects.bulk_create(_ledger(item, number, instants), batch_size=5_000)
    if len(made) > KINDS:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # Twelve million rows need not be asked one by one whether their objective is there.
                cursor.execute("SET session_replication_role = replica")
            cursor.execute(_COPY, [made[0].pk, KINDS, made[0].pk, made[KINDS].pk, made[KINDS].pk, made[-1].pk])
            if connection.vendor == "postgresql":
                cursor.execute("SET session_replication_role = origin")
            cursor.execute("ANALYZE")
    Watermark.objects.bulk_create(Watermark(objective=item, started=instants[0], at=last) for item in made)


_COPY = """
INSERT INTO slo_measurement (objective_id, at, good, total, observed)
SELECT o.id, m.at, m.good, m.total, m.observed
FROM slo_objective o JOIN slo_measurement m ON m.objective_id = %s + o.id %% %s
WHERE m.objective_id >= %s AND m.objective_id < %s AND o.id >= %s AND o.id <= %s
"""


def _ledger(item: Objective, kind: int, instants: Sequence[int]) -> list[Measurement]:
    """Kind 0 burns since half an hour, 1 has spent its budget, 2 is not measured any more, the others do better."""
    first, last, total, bad = instants[0], instants[-1], 0.0, 0.0
    rows, before = [], first
    for at in instants:
        if kind == 2 and last - at < 1_800:
            break
        share = {0: 0.05 if last - at < 1_800 else 0.0002, 1: 0.0015}.get(kind, 0.00005 * kind)
        total, bad, before = total + EVENTS * (at - before), bad + EVENTS * (at - before) * share, at
        rows.append(Measurement(objective=item, at=at, good=total - bad, total=total, observed=at - first))
    return rows


def _alert(chosen: Sequence[Objective], end: datetime) -> None:
    window = {"long": 3_600, "short": 300, "factor": 14.4, "burn_long": 25.0, "burn_short": 50.0, "exceeded": True}
    Alert.objects.bulk_create(
        Alert(
            **about(item),
            severity="ticket" if number % 5 else "page",
            state=Alert.State.FIRING,
            opened_at=end - timedelta(minutes=20),
            fired_at=end - timedelta(minutes=18),
            figures={"windows": [window], "remaining": 0.62},
        )
        for number, item in enumerate(chosen)
    )


def go_on(made: Sequence[Objective], now: float) -> None:
    """One more tick of all of them, without anything that fails, and its judgement."""
    before = Watermark.objects.latest("at").at
    at = max(before + 1, int(now))
    rows = list(Measurement.objects.filter(objective__in=made, at=before))
    for row in rows:
        row.at, row.observed = at, row.observed + at - before
        row.good, row.total = row.good + EVENTS * (at - before), row.total + EVENTS * (at - before)
    Measurement.objects.bulk_create(rows)
    Watermark.objects.update(at=at, version=F("version") + 1)
    standing.keep(zip(made, selectors.statuses(from_epoch(at), made), strict=True))


def instant(epoch: float) -> datetime:
    """The last tick at or before an instant."""
    return from_epoch(floor_to(int(epoch), TICK))

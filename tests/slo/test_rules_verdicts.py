"""Exported rules in a real Prometheus: the same burn rates and the same verdicts as Brownout, over hours of traffic."""

import math
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from pytest_django.fixtures import Settings

from slo import selectors
from slo.maths.status import Status
from slo.maths.windows import from_epoch, parse_duration
from slo.services.backfill import backfill
from slo.services.catalog.rules import export_rules
from tests import factories
from tests.conftest import PrometheusFactory
from tests.factories import NOW
from tests.servers import Prometheus, until
from tests.servers.process import find, installed

pytestmark = [pytest.mark.django_db, pytest.mark.integration]

STEP, HOUR = 5, 3_600
HISTORY = 6 * HOUR
Events = Callable[[int, random.Random], tuple[int, int]]


@dataclass(frozen=True)
class Case:
    """Traffic: good and bad events of each step, by the seconds left until the end of the history."""

    events: Events
    sli: dict[str, Any] | None = None
    restarts: int = 0
    gap: range = range(0)
    target: float = 0.999


def steady(share: float, among: range = range(HISTORY + 1), rate: int = 40) -> Events:
    """A share of bad events, while the seconds left are `among` these."""

    def events(left: int, numbers: random.Random) -> tuple[int, int]:
        bad = sum(numbers.random() < share for _ in range(rate)) if left in among else 0
        return rate - bad, bad

    return events


def bursty(left: int, numbers: random.Random) -> tuple[int, int]:
    return (3_600, 400) if left in range(2 * HOUR, 2 * HOUR + 900) else (1, 0)


def rare(left: int, numbers: random.Random) -> tuple[int, int]:
    return (int(left % 300 == 0), int(left == 3_300))


def idle(left: int, numbers: random.Random) -> tuple[int, int]:
    return (0, 0) if left in range(600, 3_000) else (20, int(left in range(3_000, 4_200)))


CASES = {
    "healthy": Case(steady(0.0003)),
    "outage": Case(steady(1, range(4 * HOUR, 4 * HOUR + 600))),
    "outage-now": Case(steady(0.6, range(700))),
    "slow-burn": Case(steady(0.008)),
    "burst": Case(bursty),
    "rare": Case(rare),
    "restarts": Case(steady(0.02, range(HOUR)), restarts=1_200),
    "gap": Case(steady(0.01, range(3 * HOUR)), gap=range(HOUR, HOUR + 1_500)),
    "idle": Case(idle),
    "good-side": Case(steady(0.05, range(2 * HOUR)), {"good": 'events_total{{case="{0}",code="200"}}'}, target=0.99),
    "window": Case(
        steady(0.2, range(HOUR)),
        {
            "bad": 'sum(rate(events_total{{case="{0}",code="500"}}[{{{{.window}}}}])) or vector(0)',
            "total": 'sum(rate(events_total{{case="{0}"}}[{{{{.window}}}}]))',
            "counter": False,
            "window": True,
        },
    ),
    "query": Case(
        steady(0.3, range(HOUR)),
        {
            "bad": 'increase(events_total{{case="{0}",code="500"}}[1m]) # errors',
            # Infinite for some moments in every ten minutes.
            "total": 'sum(increase(events_total{{case="{0}"}}[1m])) / (time() % 600 > bool 50)',
            "counter": False,
        },
    ),
}


def sli_of(name: str, case: Case) -> dict[str, Any]:
    told = case.sli or {"bad": 'events_total{{case="{0}",code="500"}}'}
    sli = {"total": 'events_total{{case="{0}"}}', "counter": True, **told}
    return {key: value.format(name) if isinstance(value, str) else value for key, value in sli.items()}


def samples(name: str, case: Case, end: int) -> Iterator[str]:
    """OpenMetrics lines of the counters; an error's counter is born with the first error after each restart."""
    numbers, counts = random.Random(name), {"200": 0, "500": 0}
    for left in range(HISTORY, -1, -STEP):
        if case.restarts and left % case.restarts == 0:
            counts = {"200": 0, "500": 0}
        good, bad = case.events(left, numbers)
        counts["200"], counts["500"] = counts["200"] + good, counts["500"] + bad
        if left not in case.gap:
            for code, count in counts.items():
                if count or code == "200":
                    yield f'events_total{{case="{name}",code="{code}"}} {count} {end - left}'


@pytest.fixture
def promtool() -> str:
    with installed():
        return find("promtool", "prometheus")


def test_promtool_accepts_the_rules_of_every_kind_of_objective(promtool: str, tmp_path: Path) -> None:
    source = factories.source(spec={"url": "http://prom.test"})
    for name, case in CASES.items():
        factories.objective(name, sli=sli_of(name, case), source=source, title='{{ a "title" }}: \\ é')
    factories.objective("month", period={"calendar": "month", "zone": "Europe/Berlin"}, source=source)
    factories.objective("short", period={"rolling": 10_000}, source=source)
    rules = tmp_path / "rules.yml"
    rules.write_text(export_rules([], NOW).text)
    checked = subprocess.run([promtool, "check", "rules", str(rules)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "SUCCESS" in checked.stdout


def test_a_real_prometheus_reaches_the_same_verdicts(prometheus: PrometheusFactory, settings: Settings) -> None:
    settings.TICK_SECONDS = 2 * STEP
    end = int(time.time()) // (2 * STEP) * 2 * STEP
    server = prometheus(history=history(line for name, case in CASES.items() for line in samples(name, case, end)))
    source = factories.source(spec={"url": server.url, "scrape_interval": STEP})
    items = [
        factories.objective(name, target=case.target, sli=sli_of(name, case), source=source)
        for name, case in CASES.items()
    ]
    outcomes = backfill(items, from_epoch(end - HISTORY), from_epoch(end), from_epoch(end))
    assert {outcome.start for outcome in outcomes} == {end - HISTORY}
    exported = export_rules([], NOW).text
    groups = {group["name"].removeprefix("brownout:"): group for group in yaml.safe_load(exported)["groups"]}
    run_so_far(server, groups.values(), exported, end)

    instants = range(end - HISTORY + 600, end + 1, 120)
    known = {at: selectors.statuses(from_epoch(at), items) for at in instants}
    for name, group in groups.items():
        shown = {(at, length): burn for at in instants for length, burn in burns_of(known[at], name).items()}
        assert burning(server, group, instants) == pytest.approx(shown, rel=1e-9, nan_ok=True), name
    verdicts = {(at, *verdict) for at, statuses in known.items() for verdict in exceeding(statuses)}
    assert {verdict for group in groups.values() for verdict in alerting(server, group, instants)} == verdicts
    assert {name for _, name, _ in verdicts} == CASES.keys() - {"healthy", "rare"}
    assert firing(server) == exceeding(known[end])


def history(lines: Iterable[str]) -> str:
    return "\n".join([*lines, "# EOF"]) + "\n"


def run_so_far(server: Prometheus, groups: Iterable[dict[str, Any]], exported: str, end: int) -> None:
    """As if the rules had been there all the time: record what they count, and load them."""
    lines = []
    for group in groups:
        step = parse_duration(group["interval"])
        for rule in group["rules"][:2]:
            for series in server.over(rule["expr"], range(end - HISTORY + step, end + 1, step)):
                labels = 'objective="{objective}",service="{service}"'.format(**rule["labels"])
                lines += [f"{rule['record']}{{{labels}}} {value} {at}" for at, value in series["values"]]
    server.stop()
    server.load(history(lines))
    server.set_rules(exported)
    server.start()


def exceeding(statuses: Sequence[Status]) -> set[tuple[str, str]]:
    return {(status.name, window.severity) for status in statuses for window in status.exceeded}


def burns_of(statuses: Sequence[Status], name: str) -> dict[int, float]:
    """The burn rates by window; NaN where nothing is known."""
    status = next(status for status in statuses if status.name == name)
    return {length: math.nan if burn is None else burn for length, burn in status.burns.items()}


def burning(server: Prometheus, group: dict[str, Any], instants: range) -> dict[tuple[int, int], float]:
    """The burn rates that the rules record, by instant and window; NaN where nothing is known."""
    found: dict[tuple[int, int], float] = {}
    recorded = recordings(group)
    for rule in group["rules"]:
        name, _, window = rule.get("record", "").rpartition(":")
        if name == "brownout:burn_rate":
            values = _values(server, _in_full(rule["expr"], recorded), instants)
            found |= {(at, parse_duration(window)): values.get(at, math.nan) for at in instants}
    return found


def alerting(server: Prometheus, group: dict[str, Any], instants: range) -> Iterator[tuple[int, str, str]]:
    """When which alert's expression holds."""
    recorded = recordings(group)
    for rule in group["rules"]:
        if "alert" in rule:
            for at in _values(server, _in_full(rule["expr"], recorded), instants):
                yield at, rule["labels"]["objective"], rule["labels"]["severity"]


def recordings(group: dict[str, Any]) -> dict[str, str]:
    """The expressions of what is recorded from steps, by name."""
    return {rule["record"]: rule["expr"] for rule in group["rules"][2:] if "record" in rule}


def _in_full(expression: str, recorded: dict[str, str]) -> str:
    """The expression with what it reads of windows written out."""
    reads = re.compile(r"(brownout:\S+?)\{[^}]*\}")
    while any(name in recorded for name in reads.findall(expression)):
        expression = reads.sub(lambda read: f"({recorded[read[1]]})" if read[1] in recorded else read[0], expression)
    return expression


def _values(server: Prometheus, expression: str, instants: range) -> dict[int, float]:
    found = [pair for series in server.over(expression, instants) for pair in series["values"]]
    return {int(at): float(value) for at, value in found if value != "NaN"}


def firing(server: Prometheus) -> set[tuple[str, str]]:
    """The alerts of the running Prometheus, once every rule has been evaluated without an error."""

    def groups() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{server.url}/api/v1/rules", timeout=10).json()["data"]["groups"]
        return found if found and all(not g["lastEvaluation"].startswith("0001") for g in found) else []

    rules = [rule for group in until(groups, 30, what="an evaluation of every rule") for rule in group["rules"]]
    assert {rule["health"] for rule in rules} == {"ok"}
    found = requests.get(f"{server.url}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
    return {(alert["labels"]["objective"], alert["labels"]["severity"]) for alert in found}

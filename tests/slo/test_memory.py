"""A source that forgets sooner than a period lasts is found out by asking it, seldom, and said where it matters."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from slo import selectors
from slo.models import Objective, SourceState
from slo.services.memory import look
from slo.sources import registry
from slo.sources.memory import retention
from slo.sources.prometheus import Prometheus
from tests.conftest import PrometheusFactory
from tests.factories import NOW, ledger, objective

DAY = 86_400
HOUR = timedelta(hours=1)


def told(answers: Mapping[str, Any]) -> int | None:
    return retention(answers.get)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("15d", 15 * DAY),
        ("2w1d", 15 * DAY),
        ("1y", 365 * DAY),
        ("36h", 36 * 3_600),
        ("15d or 10GiB", 15 * DAY),
        ("10GiB", None),
        ("", None),
        ("0s", None),
        ("forever", None),
        ("9" * 50 + "d", None),
    ],
)
def test_the_retention_is_read_as_prometheus_states_it(stated: str, seconds: int | None) -> None:
    assert told({"runtimeinfo": {"storageRetention": stated}}) == seconds


def test_older_servers_tell_it_among_their_flags() -> None:
    assert told({"flags": {"storage.tsdb.retention.time": "30d"}}) == 30 * DAY
    assert told({"runtimeinfo": {}, "flags": {"storage.tsdb.retention.time": "0s"}}) is None


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({}, id="VictoriaMetrics has no such addresses"),
        pytest.param({"flags": {}, "runtimeinfo": {}}, id="Mimir has nothing to say"),
        pytest.param({"flags": {"query.replica-label": "r"}, "runtimeinfo": {"storageRetention": ""}}, id="Thanos"),
        pytest.param({"flags": [], "runtimeinfo": "15d"}, id="something else altogether"),
        pytest.param(
            {"runtimeinfo": {"storageRetention": "15d"}, "config": {"yaml": "global: {}\nremote_read:\n- url: x"}},
            id="a Prometheus with a longer memory behind it",
        ),
    ],
)
def test_of_others_nothing_is_claimed(answers: Mapping[str, Any]) -> None:
    assert told(answers) is None


class Remembering:
    """A source that keeps 15 days and counts how often it is asked for that."""

    def __init__(self, answer: int | Exception | None = 15 * DAY) -> None:
        self.answer, self.asked = answer, 0

    def remembers(self) -> int | None:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def source() -> Iterator[Remembering]:
    made = Remembering()
    with registry.replaced("prometheus", lambda _: made):  # type: ignore[arg-type, return-value]  # it is only asked this
        yield made


def measured(days: int, *, period: int = 30) -> Objective:
    item = objective("checkout", days=period)
    ledger(item, seconds=days * DAY, step=3_600)
    SourceState.objects.create(source=item.source, asked_at=NOW, answered_at=NOW)
    return item


@pytest.mark.django_db
def test_a_source_is_asked_once_an_hour_and_not_every_tick(source: Remembering) -> None:
    measured(5)
    assert [look(NOW + timedelta(minutes=minutes)) for minutes in (0, 1, 59, 60, 61)] == [1, 0, 0, 1, 0]
    assert source.asked == 2
    assert SourceState.objects.get().remembers == 15 * DAY


@pytest.mark.django_db
def test_measuring_keeps_what_is_known_of_the_memory(source: Remembering) -> None:
    item = measured(5)
    look(NOW)
    from slo.services.collect import Outcome, _save

    _save([Outcome(item.source)], NOW + HOUR)
    assert SourceState.objects.get().remembers == 15 * DAY


@pytest.mark.django_db
def test_a_source_that_was_never_reached_is_not_asked(source: Remembering) -> None:
    objective("checkout")
    assert look(NOW) == 0


@pytest.mark.django_db
def test_a_source_that_breaks_is_left_alone_for_an_hour(source: Remembering, caplog: pytest.LogCaptureFixture) -> None:
    measured(5)
    source.answer = RuntimeError("broken")
    assert [look(NOW), look(NOW + timedelta(minutes=1))] == [1, 0]
    assert SourceState.objects.get().remembers is None


@pytest.mark.django_db
def test_what_is_missing_and_forgotten_is_said_on_the_objective(
    source: Remembering, client: Client, settings: Settings
) -> None:
    settings.PUBLIC_READ = True
    item = measured(5)
    assert selectors.status("checkout", NOW).problem == ""
    look(NOW)
    problem = selectors.status("checkout", NOW).problem
    assert problem == (
        f"the source {item.source} keeps 15d, less than the period: what happened before 2026-02-15 is not in the "
        "figures and cannot be filled in"
    )
    body = client.get(f"/api/v1/objectives/checkout?at={NOW:%Y-%m-%dT%H:%M:%SZ}").json()
    assert body["problem"] == problem


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "period"), [(31, 30), (5, 14)])
def test_nothing_is_said_where_nothing_is_missing_or_all_can_be_filled_in(
    source: Remembering, days: int, period: int
) -> None:
    measured(days, period=period)
    look(NOW)
    assert selectors.status("checkout", NOW).problem == ""


@pytest.mark.django_db
def test_a_source_that_does_not_tell_is_not_suspected(source: Remembering) -> None:
    measured(5)
    source.answer = None
    look(NOW)
    assert selectors.status("checkout", NOW).problem == ""


def test_a_real_prometheus_tells_what_it_was_started_with(prometheus: PrometheusFactory) -> None:
    server = prometheus(arguments=["--storage.tsdb.retention.time=3d"])
    assert Prometheus(server.url).remembers() == 3 * DAY


def test_a_server_that_is_away_tells_nothing() -> None:
    assert Prometheus("http://127.0.0.1:9", timeout=1).remembers() is None

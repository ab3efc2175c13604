"""The seeded history is plausible, and the loop's records agree with it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoDbBlocker
from rich.console import Console
from rich.progress import Progress

from alerts.models import Alert, Delivery
from alerts.services.evaluate import evaluate
from degradation.models import FlagChange
from degradation.selectors import capabilities, health, public_status
from demo import history, scenario, stage
from slo import selectors
from slo.maths.status import Status
from slo.models import Exclusion, Measurement, Watermark
from slo.selectors_systems import standing, system

pytestmark = pytest.mark.django_db(transaction=False)
END = datetime(2026, 3, 5, 10, 7, 35, tzinfo=UTC)


def _quiet() -> Progress:
    return Progress(console=Console(quiet=True))


@pytest.fixture(scope="module", autouse=True)
def _seeded(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Seeded once for all tests here, in a transaction that is rolled back."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        stage.declare(tmp_path_factory.mktemp("demo"), END, "http://127.0.0.1:9")
        assert stage.populate(END, 5, _quiet()) == END
        yield
        transaction.set_rollback(True)


@pytest.fixture
def statuses() -> dict[str, Status]:
    return {status.name: status for status in selectors.statuses(END)}


def test_the_anchor_is_found_again_and_nothing_is_seeded_twice() -> None:
    rows = Measurement.objects.count()
    assert stage.populate(END + timedelta(days=1), 5, _quiet()) == END
    assert Measurement.objects.count() == rows


def test_orders_have_been_paging_for_about_twenty_minutes(statuses: dict[str, Status]) -> None:
    page = Alert.objects.get(objective__name="orders-availability", severity="page", state="firing")
    assert page.fired_at is not None
    assert timedelta(minutes=16) < END - page.fired_at < timedelta(minutes=20)
    assert statuses["orders-availability"].state == "critical"


def test_all_but_orders_and_search_are_healthy_and_have_a_budget_left(statuses: dict[str, Status]) -> None:
    assert {n: s.state for n, s in statuses.items() if s.state != "healthy"} == {
        "orders-availability": "critical",
        "search-availability": "burning",
    }
    for status in statuses.values():
        assert status.budget.remaining is not None
        assert 0.15 < status.budget.remaining < 0.97


def test_the_slow_leak_is_a_ticket_that_has_been_open_for_days(statuses: dict[str, Status]) -> None:
    ticket = Alert.objects.get(kind="burn", objective__name="search-availability", state="firing")
    assert ticket.severity == "ticket"
    assert timedelta(days=4) < END - ticket.opened_at < timedelta(days=9)
    exhausts = statuses["search-availability"].exhausts_at
    assert exhausts is not None
    assert timedelta(days=1) < exhausts - END < timedelta(days=8)


def test_the_status_page_knows_ninety_days_and_an_incident_that_is_over() -> None:
    public = public_status(END)
    for item in public.capabilities:
        assert len(item.days) == 90
        assert all(day.known for day in item.days), item.name
        assert any(day.harmed or day.limited for day in item.days), item.name
        assert item.unharmed is not None
        assert item.unharmed > 0.99
    (told,) = public.incidents
    assert [update.state for update in told.updates] == ["resolved", "monitoring", "identified", "investigating"]
    assert told.resolved_at is not None
    assert timedelta(days=6) < END - told.opened_at < timedelta(days=7)
    sixth = next(day for day in public.capabilities[1].days if day.date == told.opened_at.date())
    assert told.capabilities[0][0] == public.capabilities[1].name
    assert sixth.limited == 76 * 60


def test_users_feel_it_where_the_documents_say() -> None:
    troubled = {item.name: item.status for item in health(END) if item.status != "ok"}
    assert troubled == {"orders": "down", "returns": "warn"}
    states = {view.capability.name: view.state for view in capabilities(END) if view.state != "full"}
    assert states == {"order-tracking": "last resort", "returns": "degraded"}


def test_the_loop_shed_and_restored_when_the_traffic_says_so() -> None:
    """The flags in the simulated traffic and those in the loop's records change within minutes of each other."""
    changes = FlagChange.objects.filter(cause__in=("shed", "restored")).order_by("at")
    recorded: dict[tuple[str, bool], list[float]] = {}
    for change in changes:
        key = (change.key, change.cause == "shed")
        recorded.setdefault(key, []).append((change.at - END).total_seconds())
    expected: dict[tuple[str, bool], list[float]] = {}
    for shed in scenario.SHEDS:
        expected.setdefault((shed.flag, True), []).append(shed.start)
        if shed.end is not None:
            expected.setdefault((shed.flag, False), []).append(shed.end)
    assert recorded.keys() == expected.keys()
    for key, instants in expected.items():
        assert recorded[key] == pytest.approx(instants, abs=6 * 60), key


def test_last_weeks_page_was_acknowledged_and_is_over() -> None:
    page = Alert.objects.get(objective__name="recommendations-availability", severity="page")
    assert page.state == "resolved"
    assert page.acknowledged_by is not None
    assert page.acknowledged_by.username == "operator"


def test_everything_told_was_delivered() -> None:
    assert Delivery.objects.exists()
    assert not Delivery.objects.exclude(state="sent").exists()


def test_maintenance_does_not_count(statuses: dict[str, Status]) -> None:
    with_it = statuses["catalog-availability"].budget.remaining
    Exclusion.objects.all().delete()
    without = selectors.status("catalog-availability", END).budget.remaining
    assert with_it is not None
    assert without is not None
    assert without < with_it - 0.3


def test_what_nobody_measured_is_missing_and_said_so(statuses: dict[str, Status]) -> None:
    length = scenario.UNMEASURED.end - scenario.UNMEASURED.start
    for status in statuses.values():
        assert status.period.completeness == pytest.approx(1 - length / (30 * scenario.DAY), abs=1e-3)


def test_the_next_evaluation_changes_nothing() -> None:
    assert evaluate(END + timedelta(seconds=5)) == 0


def test_rows_are_those_the_retention_keeps() -> None:
    kept = set(history.grid(int(END.timestamp()))) - history.thinned(int(END.timestamp()))
    mark = Watermark.objects.first()
    assert mark is not None
    rows = set(Measurement.objects.filter(objective=mark.objective_id).values_list("at", flat=True))
    assert rows <= kept
    assert len(kept - rows) == pytest.approx((scenario.UNMEASURED.end - scenario.UNMEASURED.start) / 300, abs=1)


def test_the_coverage_of_the_templates_was_measured_while_the_model_failed() -> None:
    (answering,) = (c for c in standing(system("mangaassist"), END).coverage if c.block == "answering")
    assert answering.measured == pytest.approx(0.62, abs=0.02)
    failed = {s.name: s for s in selectors.statuses(END, lengths=[30 * 86_400])}["llm-availability"]
    sums = failed.windows[30 * 86_400].sums
    assert answering.events == pytest.approx(sums.total - sums.good)
    assert not Alert.objects.filter(objective__name="templates-answered").exists()

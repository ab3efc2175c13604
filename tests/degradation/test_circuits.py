"""Circuits fed from the ledger, forced and released, restarted, judged twice at once, and told to applications."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from degradation import selectors, tasks
from degradation.errors import ConflictError, OverrideError
from degradation.models import Circuit, CircuitChange, CircuitSettings
from degradation.selectors.served import circuit_flags
from degradation.services import circuits
from degradation.services import shed as shedding
from slo.errors import NotFoundError
from slo.models import Component, Objective, Watermark
from tests import factories
from tests.degradation import rows
from tests.degradation.rows import later
from tests.factories import NOW

pytestmark = pytest.mark.django_db
Bad = float | Callable[[int], float | None]


def orders(bad: Bad, *, spec: dict[str, Any] | None = None, end: datetime = NOW, latency: bool = False) -> Component:
    """A component with 100 calls every 30 s."""
    made = factories.component("orders", service=factories.service("shop"))
    CircuitSettings.objects.create(name="orders", component=made, spec={"jitter": 0.0, **(spec or {})})
    item = factories.objective(component=made)
    if latency:
        item.indicator = "latency"
        item.save()
    factories.ledger(item, bad=bad, end=end)
    return made


def phases() -> list[str]:
    return [row.after for row in CircuitChange.objects.order_by("id")]


def judge(*seconds: int) -> list[str]:
    for each in seconds:
        circuits.judge(later(each))
    return phases()


def test_it_opens_on_what_was_measured_and_says_why() -> None:
    made = orders(60)
    circuits.judge(NOW)
    view = selectors.circuit("orders", NOW)
    assert (view.phase, view.reason, view.by) == ("open", "120 of 200 calls failed, opens from 50%", "Brownout")
    assert (view.since, view.until) == (NOW, later(60))
    (change,) = selectors.circuit_changes(made)
    assert (change.cause, change.before, change.after, change.until) == ("traffic", "closed", "open", later(60))
    assert change.actor is None


def test_slow_calls_open_it_too() -> None:
    orders(100, latency=True)
    circuits.judge(NOW)
    assert selectors.circuit("orders", NOW).reason == "200 of 200 calls were slow, opens from 100%"


def test_an_incident_from_end_to_end() -> None:
    # Failing until NOW + 60; the circuit opens, is tried out too early, opens for longer, and closes.
    orders(lambda left: 80 if left > 240 else 0, end=later(300))
    assert judge(0) == ["open"]
    assert judge(30, 59) == ["open"]
    assert judge(60) == ["open", "half-open"]
    assert judge(90) == ["open", "half-open", "closed"]
    assert judge(120, 150, 300) == ["open", "half-open", "closed"]


def test_a_relapse_while_it_is_tried_out_keeps_it_open_for_longer() -> None:
    orders(80, end=later(600))
    assert judge(0, 60, 90) == ["open", "half-open", "open"]
    assert selectors.circuit("orders", later(90)).until == later(90 + 120)


def test_calls_from_before_a_phase_do_not_count_in_it() -> None:
    orders(lambda left: 100 if left >= 270 else 0, end=later(300))
    # Tried out from the instant its time was over, though that is noticed late.
    assert judge(0, 100, 101) == ["open", "half-open", "closed"]


@pytest.mark.parametrize("bad", [lambda _: None, 0], ids=["no data", "all well"])
def test_without_trouble_nothing_is_written(bad: Bad) -> None:
    orders(bad)
    assert judge(0, 30) == []
    assert Circuit.objects.get().version == 0


def test_no_data_holds_a_circuit_that_is_tried_out() -> None:
    orders(100)
    assert judge(0, 60, 3_600, 7_200) == ["open", "half-open"]


def test_time_in_slices_and_objectives_made_of_labels_are_no_calls() -> None:
    made = factories.component("orders")
    parent = factories.objective("whole", component=made)
    factories.ledger(factories.objective("part", component=made, parent=parent), bad=100)
    factories.ledger(factories.objective("gauge", component=made, sli={"query": "up", "op": "gt", "value": 0}), bad=100)
    assert judge(0) == []


def test_every_component_has_a_circuit_by_default() -> None:
    factories.component("plain")
    circuits.judge(NOW)
    view = selectors.circuit("plain", NOW)
    assert (view.phase, view.since, view.declared, view.settings.minimum_calls) == ("closed", None, False, 100)


def test_one_broken_circuit_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.component("broken", tier=1)
    orders(80)
    real = circuits._judge

    def picky(row: Circuit, *more: Any) -> None:
        assert row.component.name != "broken"
        real(row, *more)

    monkeypatch.setattr(circuits, "_judge", picky)
    with pytest.raises(ExceptionGroup, match="judging circuits failed in part"):
        circuits.judge(NOW)
    assert phases() == ["open"]


def test_what_a_later_version_stored_beside_is_ignored() -> None:
    made = factories.component("orders")
    Circuit.objects.create(component=made, state={"phase": "open", "since": 1, "until": 2, "mood": "good"})
    assert selectors.circuit("orders", NOW).phase == "open"


def test_what_nobody_did_is_forgotten_after_a_season_and_what_people_did_is_not() -> None:
    orders(80)
    circuits.judge(NOW)
    force(later(30))
    assert circuits.thin(later(89 * 86_400)) == 0
    assert circuits.thin(later(91 * 86_400)) == 1
    assert phases() == ["forced open"]


# By hand ---------------------------------------------------------------------------------------------------------


def force(at: datetime = NOW, minutes: int = 60, **more: Any) -> None:
    more = {"user": None, "reason": "drill", **more}
    circuits.force("orders", "forced open", at=at, until=at + timedelta(minutes=minutes), **more)


def test_forced_open_holds_against_all_traffic_and_ends_by_itself() -> None:
    orders(0, end=later(7_200))
    ada = rows.operator()
    force(user=ada)
    assert judge(30, 1_800, 3_599) == ["forced open"]
    view = selectors.circuit("orders", later(1_800))
    assert (view.phase, view.by, view.reason, view.until) == ("forced open", "ada", "drill", later(3_600))
    # It does not hold from its expiry on, whether or not anybody has noticed.
    assert selectors.circuit("orders", later(3_600)).phase == "half-open"
    assert judge(3_700, 3_730) == ["forced open", "half-open", "closed"]
    expired = CircuitChange.objects.get(cause="expired")
    assert (expired.at, expired.actor) == (later(3_600), None)


def test_a_component_forced_open_is_down_and_says_who_wants_that() -> None:
    orders(0)
    rows.capability("tracking", [{"name": "full", "when": "orders"}, {"name": "link"}])
    force()
    (health,) = selectors.health(NOW)
    assert (health.status, health.because) == ("down", "its circuit is forced open: drill")
    assert selectors.capabilities(NOW)[0].mode == "link"


def test_released_it_is_tried_out_before_it_closes() -> None:
    orders(0, end=later(600))
    force()
    circuits.release("orders", user=None, reason="over", at=later(60))
    assert judge(90, 120) == ["forced open", "half-open", "closed"]


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"reason": "  "}, "A reason is required"),
        ({"minutes": 0}, "over already"),
        ({"minutes": 1_441}, "24 hours at most"),
    ],
)
def test_a_force_needs_a_reason_and_an_end(more: dict[str, Any], error: str) -> None:
    orders(0)
    with pytest.raises(OverrideError, match=error):
        force(**more)
    assert phases() == []


def test_what_cannot_be_forced_or_released_says_so() -> None:
    orders(0)
    with pytest.raises(OverrideError, match="not forced by anybody"):
        circuits.release("orders", user=None, reason="x", at=NOW)
    with pytest.raises(NotFoundError, match="no component named 'nothing'"):
        circuits.release("nothing", user=None, reason="x", at=NOW)
    force()
    with pytest.raises(ConflictError):
        force(version=0)
    assert phases() == ["forced open"]


# Whatever goes wrong ---------------------------------------------------------------------------------------------


def test_two_ticks_at_once_change_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    orders(80)
    real = circuits._calls

    def beaten(found: list[Circuit], at: datetime) -> Any:
        monkeypatch.setattr(circuits, "_calls", real)
        circuits.judge(at)
        return real(found, at)

    monkeypatch.setattr(circuits, "_calls", beaten)
    circuits.judge(NOW)
    assert phases() == ["open"]
    assert Circuit.objects.get().version == 1


def test_a_crash_between_state_and_history_leaves_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    orders(80)
    with monkeypatch.context() as patched:
        patched.setattr(CircuitChange.objects, "create", lambda **_: 1 / 0)
        with pytest.raises(ExceptionGroup):
            circuits.judge(NOW)
    assert Circuit.objects.get().version == 0
    assert judge(0) == ["open"]


def test_shedding_goes_on_when_circuits_break(monkeypatch: pytest.MonkeyPatch) -> None:
    shed: list[datetime] = []
    judge, real = circuits.judge, shedding.shed
    instead: dict[object, Callable[[datetime], object]] = {judge: lambda at: 1 / 0, real: shed.append}
    steps = tuple(instead.get(step, step) for step in tasks.STEPS)
    monkeypatch.setattr(tasks, "STEPS", steps)
    with pytest.raises(ExceptionGroup):
        tasks.react(NOW)
    assert shed == [NOW]


def test_a_handful_of_queries_however_many_components(django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        made = factories.component(f"part-{number}")
        factories.ledger(factories.objective(component=made), seconds=600)
    circuits.judge(NOW)
    with django_assert_max_num_queries(8):
        circuits.judge(later(30))


# Told to applications --------------------------------------------------------------------------------------------


def test_forced_states_are_pushed_back_through_ofrep() -> None:
    orders(0)
    (calm,) = circuit_flags(NOW)
    assert (calm.key, calm.value) == ("circuit.orders", {"state": "auto"})
    force()
    (told,) = circuit_flags(NOW)
    assert told.value == {"state": "forced_open", "reason": "drill", "since": "2026-03-02T12:00:00Z"}
    assert (told.state, told.until) == ("forced open", later(3_600))
    assert told.now(later(3_600)).value == {"state": "auto"}


def test_an_open_circuit_of_ours_is_no_order_to_applications() -> None:
    orders(80)
    circuits.judge(NOW)
    assert circuit_flags(NOW)[0].value == {"state": "auto"}


def test_the_ledger_is_read_since_an_instant_of_each_objective() -> None:
    from slo import selectors as slo_selectors

    item, other = factories.objective(), factories.objective()
    factories.ledger(item, bad=1)
    found = slo_selectors.since({item.pk: int(later(-91).timestamp()), other.pk: 0}, NOW)
    assert list(found) == [item.pk]
    # The first tick from that instant on.
    assert (found[item.pk].sums.total, found[item.pk].bad) == (300, 3)
    assert slo_selectors.since({item.pk: int(later(900).timestamp())}, NOW)[item.pk].sums.total == 0
    assert isinstance(item, Objective)
    assert Watermark.objects.count() == 1

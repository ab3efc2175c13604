"""A replay tells what a policy would have done: with the policy that was there, exactly what was done."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from alerts.models import Transition
from alerts.rules.policy import parse_windows
from alerts.rules.replay import WouldBe, bad_spells, delays
from alerts.services.replay import replay
from slo.errors import NotFoundError, PolicyError, ReplayError
from slo.maths.burn import BurnWindow
from slo.maths.ledger import Span
from slo.models import BurnPolicy, Measurement, Objective
from slo.services.access import issue_token
from tests.alerts.world import HOUR_WINDOW, extend, run
from tests.factories import NOW, ledger, objective

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def policy(**timing: Any) -> BurnPolicy:
    return BurnPolicy.objects.create(name="hour", windows=[HOUR_WINDOW], timing={"page": timing} if timing else {})


def lived(burn_policy: BurnPolicy | None, *spells: tuple[float, int]) -> Objective:
    """An objective that was calm for two hours and then lived through spells (bad of 100 a tick, minutes), judged
    tick by tick.
    """
    item = objective("checkout", burn_policy=burn_policy)
    ledger(item, seconds=7_200)
    at = NOW
    for bad, minutes in spells:
        extend(item, at + minutes * MINUTE, bad=bad)
        run(at, at + minutes * MINUTE)
        at += minutes * MINUTE
    return item


def done() -> list[tuple[datetime, str, str, str]]:
    burns = Transition.objects.filter(alert__kind="burn", kind="state")
    return list(burns.values_list("at", "alert__severity", "before", "after"))


def replayed(item: Objective, until: datetime, **chosen: str) -> list[tuple[datetime, str, str, str]]:
    found = replay(item, NOW, until, until, **chosen)
    return [(change.at, change.severity, change.before, change.after) for change in found.changes]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("timing", "spells"),
    [
        ({}, [(20, 10), (0, 20)]),
        ({"pending": 120}, [(20, 10), (0, 20)]),
        ({"pending": 600}, [(20, 5), (0, 30)]),
        ({"keep_firing": 0}, [(20, 8), (0, 15), (30, 8), (0, 20)]),
        ({"keep_firing": 900}, [(20, 8), (0, 15), (30, 8), (0, 5)]),
    ],
)
def test_the_policy_that_was_there_does_what_it_did(timing: dict[str, int], spells: list[tuple[float, int]]) -> None:
    item = lived(policy(**timing), *spells)
    live = done()
    assert live
    assert replayed(item, NOW + sum(minutes for _, minutes in spells) * MINUTE) == live


@pytest.mark.django_db
def test_the_standard_table_with_several_severities_does_what_it_did() -> None:
    item = lived(None, (30, 15), (0, 20))
    live = done()
    assert {severity for _, severity, _, _ in live} == {"page", "ticket"}
    assert sorted(replayed(item, NOW + 35 * MINUTE)) == sorted(live)


@pytest.mark.django_db
def test_a_gap_in_which_nothing_was_measured_holds_as_it_did() -> None:
    item = objective("checkout", burn_policy=policy())
    ledger(item, seconds=7_200)
    extend(item, NOW + 10 * MINUTE, bad=20)
    run(NOW, NOW + 10 * MINUTE)
    run(NOW + 10 * MINUTE, NOW + 30 * MINUTE)
    extend(item, NOW + 50 * MINUTE)
    Measurement.objects.filter(objective=item, at__gt=int((NOW + 10 * MINUTE).timestamp())).filter(
        at__lte=int((NOW + 30 * MINUTE).timestamp())
    ).delete()
    run(NOW + 30 * MINUTE, NOW + 50 * MINUTE)
    assert replayed(item, NOW + 50 * MINUTE) == done()


@pytest.mark.django_db
def test_another_policy_would_have_come_earlier_or_not_at_all() -> None:
    item = lived(policy(), (20, 10), (0, 20))
    BurnPolicy.objects.create(name="deaf", windows=[{**HOUR_WINDOW, "factor": 900}])
    end = NOW + 30 * MINUTE
    own = replay(item, NOW, end, end).alerts[0]
    eager = replay(item, NOW, end, end, windows="page:10m/2m:5").alerts[0]
    assert eager.start < own.start
    assert eager.spent is not None
    assert own.spent is not None
    assert eager.spent < own.spent
    assert (own.delay, eager.delay) == ((own.start - NOW).total_seconds(), (eager.start - NOW).total_seconds())
    deaf = replay(item, NOW, end, end, policy="deaf")
    assert (deaf.alerts, deaf.count("page")) == ([], 0)
    assert own.end is not None


@pytest.mark.django_db
def test_what_cannot_be_replayed_is_refused_in_a_sentence() -> None:
    item = lived(policy())
    with pytest.raises(ReplayError, match="nothing to replay"):
        replay(item, NOW, NOW, NOW)
    with pytest.raises(ReplayError, match="at most 92d"):
        replay(item, NOW - timedelta(days=93), NOW, NOW)
    with pytest.raises(NotFoundError, match="no burn policy named 'x'"):
        replay(item, NOW - HOUR, NOW, NOW, policy="x")
    with pytest.raises(ReplayError, match="not both"):
        replay(item, NOW - HOUR, NOW, NOW, policy="hour", windows="page:1h/5m:1")
    with pytest.raises(PolicyError, match="can never fire"):
        replay(item, NOW - HOUR, NOW, NOW, windows="page:1h/5m:1000")
    with pytest.raises(PolicyError, match="shorter than the objective's period"):
        replay(item, NOW - HOUR, NOW, NOW, windows="page:60d/5d:1")


@pytest.mark.django_db
def test_a_history_too_coarse_for_the_windows_says_so() -> None:
    item = objective("old")
    ledger(item, seconds=10 * 86_400, step=3_600)
    found = replay(item, NOW - timedelta(days=2), NOW, NOW)
    assert "rows further apart than the shortest window, 5m" in found.note
    assert found.resolution == 3_600
    assert replay(item, NOW - timedelta(days=300), NOW - timedelta(days=299), NOW).note == (
        "the ledger has no rows in this span"
    )


@pytest.mark.parametrize(
    "text",
    ["", "page", "page:1h:14", "fax:1h/5m:14", "page:1x/5m:14", "page:1h/5m:0", "page:1h/5m:nan", "page:1h/5m:-1"],
)
def test_windows_that_cannot_be_read_are_named(text: str) -> None:
    with pytest.raises(PolicyError):
        parse_windows(text)


def test_windows_are_read_from_one_line() -> None:
    assert parse_windows("page:1h/5m:14.4, ticket:3d/6h:1") == (
        BurnWindow("page", 3_600, 300, 14.4),
        BurnWindow("ticket", 259_200, 21_600, 1.0),
    )


def test_bad_spells_that_are_close_are_one_incident() -> None:
    spans = [(Span(low, low + 60), low in (0, 120, 1_200)) for low in range(0, 1_800, 60)]
    assert bad_spells(spans, 300) == [Span(0, 180), Span(1_200, 1_260)]


def test_the_delay_counts_from_the_incident_the_alert_belongs_to() -> None:
    alerts = [WouldBe("page", NOW), WouldBe("page", NOW + 5 * HOUR)]
    start = int(NOW.timestamp())
    delays(alerts, [Span(start - 600, start + 600), Span(start + 3_600, start + 4_000)])
    assert [alert.delay for alert in alerts] == [600, None]


@pytest.mark.django_db
def test_the_command_tells_alerts_with_delay_and_cost() -> None:
    item = objective("checkout", burn_policy=policy())
    ledger(item, seconds=7_200, bad=lambda left: 20 if 1_800 <= left < 3_600 else 0)
    out = StringIO()
    call_command(
        "replay",
        "checkout",
        "--since",
        f"{NOW - HOUR:%Y-%m-%dT%H:%MZ}",
        "--until",
        f"{NOW:%Y-%m-%dT%H:%MZ}",
        stdout=out,
    )
    assert "1 incidents, 1 pages, 0 tickets" in out.getvalue()
    assert "after the incident began" in out.getvalue()
    out = StringIO()
    call_command(
        "replay",
        "checkout",
        "--since",
        f"{NOW - HOUR:%Y-%m-%dT%H:%MZ}",
        "--until",
        f"{NOW:%Y-%m-%dT%H:%MZ}",
        "--windows",
        "page:1h/5m:900",
        "--json",
        stdout=out,
    )
    assert json.loads(out.getvalue())["pages"] == 0
    with pytest.raises(CommandError, match="no objective named 'nothing'"):
        call_command("replay", "nothing", "--since", "2026-03-01T00:00Z")


@pytest.mark.django_db
def test_a_replay_is_read_over_json(client: Client) -> None:
    item = objective("checkout", burn_policy=policy())
    ledger(item, seconds=7_200, bad=lambda left: 20 if 1_800 <= left < 3_600 else 0)
    viewer: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {issue_token('eye', 'viewer', NOW)}"}
    span = f"since={NOW - HOUR:%Y-%m-%dT%H:%M:%SZ}&until={NOW:%Y-%m-%dT%H:%M:%SZ}"
    body = client.get(f"/api/v1/objectives/checkout/replay?{span}", **viewer).json()
    assert (body["pages"], body["tickets"], len(body["incidents"])) == (1, 0, 1)
    assert body["alerts"][0]["detection_delay"] > 0
    assert body["windows"] == ["page 14.4× over 1h and 5m"]
    assert client.get(f"/api/v1/objectives/checkout/replay?{span}&windows=page", **viewer).status_code == 422
    assert client.get(f"/api/v1/objectives/checkout/replay?{span}&policy=x", **viewer).status_code == 404
    assert client.get(f"/api/v1/objectives/checkout/replay?{span}").status_code == 401

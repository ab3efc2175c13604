"""The simulated services behave as the documents say, and are the same every time."""

import random
import threading
from collections.abc import Iterator

import pytest
import requests

from demo import history, scenario
from demo.scenario import DAY, HOUR, LIVE, MINUTE, NOW
from demo.world import model
from demo.world.components import BUCKETS, FLAGS, FULL, GROUPS, PARTS, Part
from demo.world.inbox import Inbox
from demo.world.server import Server
from demo.world.state import World

ANCHOR = 1_790_000_000
NOTHING_OFF: frozenset[str] = frozenset()
BY_NAME = {part.name: part for part in PARTS}


def test_evenings_are_busier_than_mornings_and_weekends_busier_than_weekdays() -> None:
    monday = 4 * DAY
    assert model.turns(monday + 19 * HOUR) > 2 * model.turns(monday + 5 * HOUR)
    assert model.turns(monday + 5 * DAY + 12 * HOUR) > 1.15 * model.turns(monday + 12 * HOUR)


@pytest.mark.parametrize("incident", [*NOW, *LIVE], ids=lambda i: f"{i.name} at {i.start}")
def test_an_incident_comes_waxes_wanes_and_goes(incident: scenario.Incident) -> None:
    levels = [incident.level(at) for at in range(incident.start - 60, incident.start + incident.length + 60, 5)]
    assert levels[0] == levels[-1] == 0
    assert 0.9 < max(levels) <= 1
    middle = levels[len(levels) // 4 : -len(levels) // 4]
    assert min(middle) < max(middle)


def test_the_live_cycle_comes_back_and_leaves_calm_between_incidents() -> None:
    first = [incident.name for incident, _ in scenario.incidents(20 * MINUTE)]
    again = [incident.name for incident, _ in scenario.incidents(20 * MINUTE + 3 * scenario.CYCLE)]
    assert first == again == ["the language model is saturated"]
    assert not list(scenario.incidents(30 * MINUTE))


@pytest.mark.parametrize(
    ("minute", "sentence"),
    [
        (0, "Right now orders time out and returns are slow."),
        (6, "All is calm; the next incident begins in 8 min."),
        (15, "Right now the language model is saturated."),
        (69, "All is calm; the next incident begins in 15 min."),
        (7 * 70 + 24, "All is calm; the next incident begins in 12 min."),
    ],
)
def test_the_news_is_what_goes_on_or_comes_next(minute: int, sentence: str) -> None:
    assert scenario.news(minute * MINUTE) == sentence


def test_every_incident_and_flag_of_the_scenario_exists_in_the_world() -> None:
    assert {incident.component for incident in (*scenario.HISTORY, *LIVE)} <= set(BY_NAME)
    assert {shed.flag for shed in scenario.SHEDS} | {forced.flag for forced in scenario.FORCED} <= FLAGS


def test_orders_are_down_when_the_demo_starts_and_returns_are_slow_but_answer() -> None:
    found = model.conditions(ANCHOR, ANCHOR, scenario.off(0))
    assert found["orders"].errors > 0.2
    assert found["returns"].errors < 0.05
    assert BY_NAME["returns"].faster_than(0.89, found["returns"].slowness) < 0.95
    assert found["catalog"].errors < 0.001


@pytest.mark.parametrize(
    ("flag", "component"),
    [
        ("promotion-nudges", "recommendations"),
        ("promotion-nudges", "llm"),
        ("analytics-events", "database"),
        ("parcel-map", "orders"),
        ("personalised-recommendations", "recommendations"),
    ],
)
def test_a_flag_that_is_off_takes_load_off_what_it_calls(flag: str, component: str) -> None:
    part = BY_NAME[component]
    assert part.load(frozenset({flag})) < part.load(NOTHING_OFF)


def test_shedding_helps_the_component_that_suffers() -> None:
    at = ANCHOR - 10 * MINUTE
    with_all = model.conditions(at, ANCHOR, NOTHING_OFF)["orders"].errors
    shed = model.conditions(at, ANCHOR, frozenset({"parcel-map", "order-updates"}))["orders"].errors
    assert shed < 0.75 * with_all


def test_fallbacks_hide_most_of_an_outage_from_the_conversation() -> None:
    found = model.conditions(ANCHOR - 10 * MINUTE, ANCHOR, NOTHING_OFF)
    assert 0 < found["conversation"].errors < 0.01 * found["orders"].errors + 0.005


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_counts_are_whole_and_belong_together(part: Part) -> None:
    chance = random.Random(1)
    condition = model.Condition(0.3, 1.5, 0.6, 0.2)
    for turns in (0.0, 0.4, 9.0, 4_000.0):
        counts = model.count(part, condition, turns, chance, BUCKETS)
        ordered = [counts.within[limit] for limit in BUCKETS]
        assert ordered == sorted(ordered)
        assert ordered[-1] <= counts.answered
        assert min(counts.failed, counts.answered, counts.shed) >= 0


def test_history_is_the_same_for_the_same_end() -> None:
    first = [next(history.steps(ANCHOR, {"llm": (2.5,)})) for _ in range(2)]
    assert first[0] == first[1]


def test_the_grid_holds_what_the_ledger_keeps() -> None:
    instants = history.grid(ANCHOR)
    assert instants[0] == ANCHOR - 35 * DAY
    assert instants[-1] == ANCHOR
    held = set(instants)
    assert {at for at in range(ANCHOR - 6 * HOUR, ANCHOR + 1) if at % 5 == 0} <= held
    assert {at for at in range(ANCHOR - 3 * DAY, ANCHOR + 1) if at % 60 == 0} <= held
    assert {at for at in range(ANCHOR - 35 * DAY, ANCHOR + 1) if at % 300 == 0} <= held


@pytest.fixture
def server() -> Iterator[str]:
    world = World(ANCHOR, ANCHOR)
    world.off = frozenset({"promotion-nudges"})
    for second in range(1, 61):
        world.advance(ANCHOR + second)
    running = Server(("127.0.0.1", 0), world, Inbox())
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_of_services_shows_its_metrics_with_the_start_of_its_process(server: str, group: str) -> None:
    text = requests.get(f"{server}/metrics/{group}", timeout=5).text
    assert "process_start_time_seconds 1.79e+09" in text
    names = {part.name for part in PARTS if part.group == group}
    for name in names:
        assert f'mangaassist_requests_total{{component="{name}",outcome="ok"}}' in text
        assert f'mangaassist_request_seconds_bucket{{component="{name}",le="0.89"}}' in text
    assert all(f'component="{other.name}"' not in text for other in PARTS if other.name not in names)


def test_what_is_shed_is_counted_apart(server: str) -> None:
    lines = requests.get(f"{server}/metrics/assistant", timeout=5).text.splitlines()
    shed = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if 'outcome="shed"' in line}
    assert shed['mangaassist_requests_total{component="promotions",outcome="shed"}'] > 100
    assert shed['mangaassist_requests_total{component="profile",outcome="shed"}'] == 0


def test_the_inbox_keeps_what_is_posted_and_refuses_what_is_no_json(server: str) -> None:
    assert requests.post(f"{server}/inbox", json={"summary": "orders burn"}, timeout=5).status_code == 202
    assert requests.post(f"{server}/inbox", data=b"{", timeout=5).status_code == 400
    kept = requests.get(f"{server}/inbox", timeout=5).json()
    assert [entry["message"] for entry in kept] == [{"summary": "orders burn"}]


def test_the_inbox_takes_the_message_of_a_storm_and_says_what_it_is_about(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    alerts = [{"labels": {"objective": f"o{n}"}, "annotations": {"description": "burning " * 200}} for n in range(500)]
    storm = {"version": "4", "alerts": alerts, "brownout": {"summary": "500 pages of the shop"}}
    with caplog.at_level("INFO", logger="world"):
        assert requests.post(f"{server}/inbox", json=storm, timeout=10).status_code == 202
    assert "Message received: 500 pages of the shop" in caplog.text


def test_the_page_for_people_says_what_is_going_on(server: str) -> None:
    text = requests.get(f"{server}/", timeout=5).text
    assert "orders time out" in text
    assert "flags off: promotion-nudges" in text


def test_an_unknown_group_or_path_is_not_found(server: str) -> None:
    assert requests.get(f"{server}/metrics/nobody", timeout=5).status_code == 404
    assert requests.get(f"{server}/elsewhere", timeout=5).status_code == 404


@pytest.mark.parametrize("name", sorted(set(scenario.STORIES) - {"everyday"}))
def test_every_story_brings_trouble_to_something_that_is_there_and_ends_before_it_begins_again(name: str) -> None:
    plot = scenario.Plot(scenario.STORIES[name], begun=1_000 * MINUTE)
    assert {incident.component for incident in plot.story.incidents} <= set(BY_NAME)
    assert all(incident.start + incident.length < plot.story.cycle for incident in plot.story.incidents)
    assert not list(scenario.incidents(999 * MINUTE, plot))
    assert [i.name for i, _ in scenario.incidents(1_005 * MINUTE, plot)] == [i.name for i in plot.story.incidents]
    assert scenario.news(999 * MINUTE, plot) == "All is calm; the next incident begins in 1 min."


def test_what_callers_repeat_makes_a_storm_worse_and_less_load_calms_it() -> None:
    plot = scenario.Plot(scenario.STORIES["retry-storm"], begun=1_000 * MINUTE)
    at = ANCHOR + 1_007 * MINUTE
    storm = model.conditions(at, ANCHOR, NOTHING_OFF, plot)["orders"]
    calm = model.conditions(at, ANCHOR, frozenset({"parcel-map", "order-updates"}), plot)["orders"]
    assert storm.load > 1.5 * FULL["orders"]
    assert storm.errors > plot.story.incidents[0].errors
    assert calm.errors < 0.7 * storm.errors


def test_shedding_ends_most_of_the_trouble_of_the_campaign_step_by_step() -> None:
    plot = scenario.Plot(scenario.STORIES["campaign"], begun=1_000 * MINUTE)
    steps = (
        NOTHING_OFF,
        frozenset({"promotion-nudges"}),
        frozenset({"promotion-nudges", "personalised-recommendations"}),
    )
    found = [model.conditions(ANCHOR + 1_007 * MINUTE, ANCHOR, off, plot)["recommendations"].errors for off in steps]
    assert found[0] > 0.15
    assert found[1] < 0.6 * found[0]
    assert found[2] < 0.1 * found[0]


def test_what_instances_report_and_what_is_measured_is_of_the_same_story() -> None:
    plot = scenario.Plot(scenario.STORIES["campaign"], begun=1_000 * MINUTE)
    world = World(ANCHOR, ANCHOR + 1_007 * MINUTE, plot=plot)
    assert world.conditions() == model.conditions(world.at, ANCHOR, NOTHING_OFF, plot)
    assert world.conditions()["recommendations"].errors > 0.15


def test_the_templates_are_asked_only_for_what_the_model_failed_at(server: str) -> None:
    text = requests.get(f"{server}/metrics/assistant", timeout=5).text
    count = {
        (name, kind): float(text.split(f'requests_total{{component="{name}",outcome="{kind}"}} ')[1].split()[0])
        for name in ("llm", "templates")
        for kind in ("ok", "error")
    }
    assert count["templates", "ok"] + count["templates", "error"] == count["llm", "error"]
    quiet = model.Counts(0, 1_000, 0, {})
    assert model.stood_in(quiet, random.Random(1)) == model.Counts(0, 0, 0, {})
    known = model.stood_in(model.Counts(10_000, 0, 0, {}), random.Random(1))
    assert 0.6 < known.answered / 10_000 < 0.64

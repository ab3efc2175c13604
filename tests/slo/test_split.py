"""One definition, many objectives: one for each label set, found on the fly, and gone when its period has passed."""

import re
import string
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from slo import selectors
from slo.maths.splits import child_name, child_title
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Measurement, Objective, Watermark
from slo.openslo.selector import narrowed
from slo.services.catalog import export_documents
from slo.services.collect import collect
from slo.sources.fake import Fake, standing_in
from slo.sources.prometheus import Prometheus
from slo.sources.scrape import Scrape
from slo.sources.selector import parse
from tests import factories
from tests.conftest import PrometheusFactory
from tests.factories import NOW
from tests.servers import Receiver
from tests.slo.documents import SERVICE, SOURCE
from tests.slo.reading import apply, refused, told

SETS = [{"region": "eu", "tenant": "a"}, {"region": "eu", "tenant": "b"}, {"region": "us", "tenant": "a"}]
SLI = {"bad": 'hits{code=~"5.."}', "total": "hits", "counter": True}

SLO = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: api
  annotations: {brownout/by: "region, tenant"}
spec:
  service: shop
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {metricSourceRef: prom, spec: {query: 'hits{code=~"5.."}'}}}
        total: {metricSource: {metricSourceRef: prom, spec: {query: hits}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
"""


# Names and selectors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"region": "eu"}, "api-eu"),
        ({"region": "eu-west-1"}, "api-eu-west-1"),
        ({"region": "eu", "tenant": "a_b"}, "api-eu-a_b"),
    ],
)
def test_values_that_a_name_can_hold_stand_in_it(labels: dict[str, str], name: str) -> None:
    assert child_name("api", labels, ()) == name


@pytest.mark.parametrize(
    "labels",
    [{"a": ""}, {"a": "EU"}, {"a": "ä"}, {"a": '"; DROP'}, {"a": "x" * 500}, {"a": "a-b", "b": "c"}, {"a": "-"}],
)
def test_other_values_are_told_apart_by_a_hash(labels: dict[str, str]) -> None:
    assert re.fullmatch(r"api-([a-z0-9-]+-)?[0-9a-f]{8}", child_name("api", labels, ()))


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), unique=True, max_size=30))
def test_no_two_sets_share_a_name(values: list[tuple[str, str]]) -> None:
    taken: set[str] = set()
    for one, two in values:
        name = child_name("api", {"one": one, "two": two.encode("utf-8", "ignore").decode()}, taken)
        assert name not in taken
        assert set(name) <= set(string.ascii_lowercase + string.digits + "-_")
        taken.add(name)


def test_a_title_is_for_people_whatever_the_values_are() -> None:
    assert child_title("The API", {"region": "eu", "tenant": ""}) == 'The API (region=eu, tenant="")'
    assert len(child_title("The API", {"region": "x\n" * 5_000})) <= 200
    assert child_title("API", {"r": "a\nb"}).isprintable()


@given(st.text(st.characters(codec="utf-8")))
def test_a_narrowed_selector_selects_the_value_and_no_other(value: str) -> None:
    for selector in ("hits", "hits{}", 'hits{code="5}"}', "hits { code =~ '5..' , }"):
        narrow = parse(narrowed(selector, {"tenant": value}))
        code = {"code": "5}"} if "5}" in selector else {"code": "500"}
        assert narrow.matches(code | {"tenant": value})
        assert not narrow.matches(code | {"tenant": value + "x"})


# Children come and go --------------------------------------------------------------------------------------------


@pytest.fixture
def fake() -> Iterator[Fake]:
    with standing_in("prometheus") as made:
        made.labelled = [dict(labels) for labels in SETS]
        yield made


def parent(**fields: Any) -> Objective:
    return factories.objective("api", sli=SLI, by=["region", "tenant"], **fields)


def names() -> list[str]:
    return sorted(Objective.objects.exclude(parent=None).values_list("name", flat=True))


@pytest.mark.django_db
def test_every_label_set_has_an_objective_of_its_own(fake: Fake) -> None:
    item = parent(title="The API", target=0.95)
    collect(NOW)
    assert names() == ["api-eu-a", "api-eu-b", "api-us-a"]
    child = Objective.objects.get(name="api-us-a")
    assert child.sli == {
        "bad": 'hits{code=~"5..",region="us",tenant="a"}',
        "total": 'hits{region="us",tenant="a"}',
        "counter": True,
    }
    assert (child.title, child.target, child.service) == ("The API (region=us, tenant=a)", 0.95, item.service)
    form = selectors.status("api-us-a", NOW).as_json()
    assert form["labels"] == {"region": "us", "tenant": "a"}


@pytest.mark.django_db
def test_children_are_measured_like_any_objective_and_from_before_they_were_found(fake: Fake) -> None:
    fake.labelled = []
    parent()
    collect(NOW)
    collect(NOW + timedelta(minutes=9))
    fake.labelled = [dict(SETS[0])]
    total = 'hits{region="eu",tenant="a"}'
    fake.count(total, to_epoch(NOW) + 570, 7, bad=2)
    collect(NOW + timedelta(minutes=10))
    collect(NOW + timedelta(minutes=11))
    status = selectors.status("api-eu-a", NOW + timedelta(minutes=11))
    assert (status.period.total, status.period.bad) == (7, 2)


@pytest.mark.django_db
def test_looking_again_changes_nothing(fake: Fake) -> None:
    parent()
    collect(NOW)
    before = list(Objective.objects.order_by("pk").values_list("pk", "name", "sli"))
    for minute in (1, 2, 3):
        fake.labelled.reverse()
        collect(NOW + timedelta(minutes=minute))
    assert list(Objective.objects.order_by("pk").values_list("pk", "name", "sli")) == before


@pytest.mark.django_db
def test_a_set_that_vanishes_stays_until_its_period_has_passed_and_goes_with_its_history(fake: Fake) -> None:
    parent(period={"rolling": 7_200})
    collect(NOW)
    gone = Objective.objects.get(name="api-eu-b")
    fake.labelled.pop(1)
    collect(NOW + timedelta(minutes=119))
    assert "api-eu-b" in names()
    collect(NOW + timedelta(minutes=121))
    assert names() == ["api-eu-a", "api-us-a"]
    assert not Measurement.objects.filter(objective=gone.pk).exists()


@pytest.mark.django_db
def test_a_set_that_comes_back_in_time_goes_on(fake: Fake) -> None:
    parent(period={"rolling": 7_200})
    collect(NOW)
    before = Objective.objects.get(name="api-eu-b").pk
    away = fake.labelled.pop(1)
    collect(NOW + timedelta(minutes=100))
    fake.labelled.append(away)
    collect(NOW + timedelta(minutes=101))
    collect(NOW + timedelta(minutes=130))
    assert Objective.objects.get(name="api-eu-b").pk == before


@pytest.mark.django_db
def test_a_source_that_does_not_answer_removes_nothing(fake: Fake) -> None:
    parent(days=7)
    collect(NOW)
    fake.outage(to_epoch(NOW) + 1, to_epoch(NOW) + 20 * 86_400)
    collect(NOW + timedelta(days=10))
    assert len(names()) == 3


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 100])
def test_the_limit_is_kept_and_told_on_the_definition(fake: Fake, limit: int) -> None:
    fake.labelled = [{"region": f"r{n}", "tenant": '"\\\n' * (n % 3)} for n in range(10_000)]
    parent(by_limit=limit)
    collect(NOW)
    first = names()
    assert len(first) == limit
    problem = selectors.status("api", NOW).problem
    assert (
        f"this period has 10,000 sets of region, tenant and the limit is {limit}: {10_000 - limit:,} have no" in problem
    )
    fake.labelled.insert(0, {"region": "a", "tenant": "a"})
    collect(NOW + timedelta(minutes=1))
    assert names() == first
    fake.labelled = fake.labelled[:1]
    collect(NOW + timedelta(minutes=2))
    assert f"has {limit + 1} sets" in Objective.objects.get(name="api").remark


@pytest.mark.django_db
def test_values_that_no_database_holds_are_left_out_and_told(fake: Fake) -> None:
    fake.labelled = [
        {"region": "a\x00b", "tenant": ""},
        {"region": "x" * 2_000, "tenant": ""},
        {"region": "", "tenant": ""},
    ]
    parent()
    collect(NOW)
    (child,) = Objective.objects.exclude(parent=None)
    assert child.sli["total"] == 'hits{region="",tenant=""}'
    assert "2 sets of region, tenant have values that cannot be stored" in selectors.status("api", NOW).problem


@pytest.mark.django_db
def test_a_name_that_is_taken_is_not_taken_away(fake: Fake) -> None:
    factories.objective("api-eu-a")
    parent()
    collect(NOW)
    assert [name for name in names() if name.startswith("api-eu-a-")]
    assert Objective.objects.get(name="api-eu-a").parent is None


@pytest.mark.django_db
def test_children_follow_their_definition(fake: Fake) -> None:
    item = parent()
    collect(NOW)
    item.target, item.sli = 0.5, SLI | {"total": "requests"}
    item.save()
    collect(NOW + timedelta(seconds=30))
    child = Objective.objects.get(name="api-us-a")
    assert (child.target, child.sli["total"]) == (0.5, 'requests{region="us",tenant="a"}')
    item.by = ["region"]
    item.save()
    collect(NOW + timedelta(seconds=60))
    assert names() == ["api-eu", "api-us"]
    item.by = []
    item.save()
    collect(NOW + timedelta(seconds=90))
    assert names() == []


@pytest.mark.django_db
def test_slices_are_split_as_well(fake: Fake, settings: Settings) -> None:
    settings.TICK_SECONDS = 30
    item = parent()
    item.sli = SLI | {"slice": {"method": "Timeslices", "window": 300, "target": 0.9}}
    item.save()
    collect(NOW)
    collect(NOW + timedelta(minutes=5))
    marks = Watermark.objects.exclude(objective=item)
    assert {mark.at for mark in marks} == {to_epoch(NOW) + 300}


# Documents -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_export_is_the_one_definition_and_applying_again_changes_nothing(tmp_path: Path, fake: Fake) -> None:
    limited = SLO.replace('tenant"}', 'tenant", brownout/by-limit: "7"}')
    apply(tmp_path, SERVICE, SOURCE, limited)
    collect(NOW)
    assert len(names()) == 3
    text = export_documents()
    assert "api-eu-a" not in text
    assert told(apply(tmp_path, text, prune=True)) == []
    assert len(names()) == 3
    assert (Objective.objects.get(name="api").by_limit, "brownout/by-limit: '7'" in text) == (7, True)
    assert told(apply(tmp_path, SERVICE, SOURCE, prune=True)) == ["pruned SLO api"]
    assert names() == []


@pytest.mark.django_db
def test_a_document_cannot_take_the_name_of_a_child(tmp_path: Path, fake: Fake) -> None:
    apply(tmp_path, SERVICE, SOURCE, SLO)
    collect(NOW)
    (line,) = refused(tmp_path, SLO.replace("name: api\n", "name: api-eu-a\n"))
    assert "'api-eu-a' is an objective that 'api' makes of its labels; choose another name" in line


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"region, tenant"', '"region tenant"', "'region tenant' is no label to split by"),
        ('"region, tenant"', '""', "'' is no label to split by"),
        ('"region, tenant"', '"région"', "is no label to split by"),
        ('"region, tenant"', '"le"', "'le' is no label to split by"),
        ('"region, tenant"', '"a, a"', "names at most 5 labels, each once"),
        ('"region, tenant"', '"a,b,c,d,e,f"', "names at most 5 labels, each once"),
        ('tenant"}', 'tenant", brownout/by-limit: "0"}', "must be a whole number from 1 to 10000"),
        ('tenant"}', 'tenant", brownout/by-limit: "many"}', "must be a whole number from 1 to 10000"),
        ('brownout/by: "region, tenant"', 'brownout/by-limit: "5"', "limits brownout/by, which is missing"),
        ("counter: true", "counter: false", "only counters can be split by their labels"),
    ],
)
def test_what_cannot_be_split_is_refused(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in SLO
    lines = refused(tmp_path, SERVICE, SOURCE, SLO.replace(old, new))
    assert any(sentence in line for line in lines), lines


# Real sources ----------------------------------------------------------------------------------------------------

PAGE = """
# TYPE hits counter
hits_total{region="eu",tenant="ä \\"q\\" \\\\ \\n"} 5
hits_total{region="eu",tenant="b"} 6
hits_total{region="us"} 7
other_total{region="mars"} 1
"""
FOUND = [("eu", "b"), ("eu", 'ä "q" \\ \n'), ("us", "")]


def found(sets: list[dict[str, str]]) -> list[tuple[str, str]]:
    return sorted((labels["region"], labels["tenant"]) for labels in sets)


@pytest.mark.integration
def test_a_scraped_page_tells_its_label_sets(receiver: Receiver) -> None:
    receiver.answer(200, PAGE.encode(), {"Content-Type": "text/plain; version=0.0.4"})
    source = Scrape([receiver.url])
    assert found(source.label_sets("hits_total", ["region", "tenant"], 0)) == FOUND
    assert found(source.label_sets('hits_total{region="us"}', ["region", "tenant"], 0)) == [("us", "")]


@pytest.mark.integration
@pytest.mark.django_db
def test_a_prometheus_tells_its_label_sets_and_children_count_to_the_event(
    prometheus: PrometheusFactory, settings: Settings
) -> None:
    settings.TICK_SECONDS = 30
    start = int(time.time()) // 3_600 * 3_600 - 7_200
    lines = ["# TYPE hits counter"]
    for region, tenant, every in (("eu", 'ä \\"q\\" \\\\ \\n', 1), ("eu", "b", 2), ("us", "", 3)):
        labels = f'region="{region}"' + (f',tenant="{tenant}"' if tenant else "")
        lines += [f"hits_total{{{labels}}} {every * n} {start + 15 * n}" for n in range(81)]
    server = prometheus(interval=15, history="\n".join([*lines, "# EOF", ""]))
    sets = Prometheus(server.url).label_sets("hits_total", ["region", "tenant"], start + 600)
    assert found(sets) == FOUND
    source = factories.source(spec={"url": server.url})
    item = factories.objective("api", source=source, by=["region", "tenant"], sli=SLI | {"total": "hits_total"})

    def at(seconds: int) -> datetime:
        return from_epoch(start + seconds)

    collect(at(600))
    collect(at(1_200))
    counted = {}
    for child in item.children.all():
        first, *_, last = factories.sums(child)
        counted[child.labels["region"], child.labels["tenant"]] = (last[2] - first[2]) / (last[0] - first[0]) * 15
    assert counted == {key: pytest.approx(every) for key, every in zip(FOUND, (2, 1, 3), strict=True)}

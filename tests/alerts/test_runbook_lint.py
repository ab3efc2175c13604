"""What is found wrong with runbooks, and the text of a post-mortem."""

from datetime import timedelta

import pytest

from alerts.rules.lint import Book, Failure, Finding, World, external_links, findings
from alerts.rules.markdown import render
from alerts.rules.postmortem import Entry, Incident, RunDone, StepDone, Told, draft
from tests.factories import NOW

DAY = timedelta(days=1)
STEPS = "## Recovery\n\n1. It is well.\n"
WORLD = World(
    objectives={"orders-availability": "orders"},
    flags=frozenset({"parcel-map"}),
    components=frozenset({"orders", "llm"}),
    capabilities=frozenset({"faq"}),
    leads_somewhere=lambda path: path == "/capabilities/",
)


def book(name: str = "orders", body: str = STEPS, **fields: object) -> Book:
    return Book(name, body, **{"written": NOW, **fields})  # type: ignore[arg-type]


def found(*books: Book, world: World = WORLD, days: int = 90) -> list[tuple[str, str]]:
    return [(item.rule, item.message) for item in findings(books, world, NOW, days)]


def test_nothing_is_wrong_with_what_is_right() -> None:
    body = (
        f"{STEPS}\n[a](#recovery) [b](/capabilities/) [c](orders.md) [d](orders.md#recovery) [e](mailto:a@b.example)\n"
        "[f](/runbooks/orders/#recovery) [g]({{ alert_url }}) [h](https://a.example/{{ service }}) {{ burn }}\n\n"
        "{{ embed flag parcel-map }}\n\n{{ embed circuit llm }}\n\n{{ embed capability faq }}\n\n"
        "{{ embed objective orders-availability }}\n"
    )
    assert found(book(body=body)) == []


@pytest.mark.parametrize(
    ("text", "rule", "message"),
    [
        ("[x](#nowhere)", "dead link", "orders has no heading #nowhere"),
        ("[x](llm.md)", "dead link", "there is no runbook llm"),
        ("[x](/runbooks/llm/)", "dead link", "there is no runbook llm"),
        ("[x](orders.md#nowhere)", "dead link", "orders has no heading #nowhere"),
        ("[x](/nowhere/)", "dead link", "these pages have nothing at /nowhere/"),
        ("[x](files/a.txt)", "dead link", "files/a.txt leads nowhere"),
        ("{{ servce }}", "placeholder", "{{ servce }} is no placeholder"),
        ("{{ 1 + 1 }}", "placeholder", "{{ 1 + 1 }} is no placeholder"),
        ("{{ embed flag nothing }}", "embed", "there is no flag nothing"),
        ("{{ embed circuit nothing }}", "embed", "there is no component nothing"),
        ("{{ embed dashboard x }}", "embed", "{{ embed dashboard x }} is no live element"),
    ],
)
def test_what_leads_nowhere_is_found_with_its_line(text: str, rule: str, message: str) -> None:
    [finding] = findings([book(body=f"{STEPS}\n{text}\n")], WORLD, NOW)
    assert (finding.rule, finding.line, finding.level) == (rule, 5, "error")
    assert finding.message.startswith(message)


def test_objectives_and_failure_modes_without_a_runbook_are_found() -> None:
    world = World(
        objectives={"a": "", "b": "gone", "c": "orders"},
        failures=(
            Failure("component/orders", "the component orders fails", ("orders",)),
            Failure("component/llm", "the component llm fails", ("gone",)),
            Failure("component/web", "the component web fails"),
            Failure("capability/tracking", "tracking is degraded", (), ("component/orders",)),
            Failure("capability/faq", "faq is degraded", (), ("component/orders", "component/llm")),
            Failure("capability/none", "none is degraded"),
        ),
    )
    assert found(book(covers=("component/web",)), world=world) == [
        ("missing", "the objective a names no runbook"),
        ("missing", "the objective b names the runbook gone, which does not exist"),
        ("missing", "no runbook says what to do when the component llm fails"),
        ("missing", "no runbook says what to do when faq is degraded"),
        ("missing", "no runbook says what to do when none is degraded"),
    ]


UNKNOWN = "is said to cover component/x, which does not exist"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"written": NOW - 90 * DAY}, []),
        ({"written": NOW - 91 * DAY}, [("stale", "has never been exercised in 91 days")]),
        ({"written": NOW - 400 * DAY, "exercised": NOW - 90 * DAY}, []),
        ({"written": NOW - 400 * DAY, "exercised": NOW - 95 * DAY}, [("stale", "was not exercised for 95 days")]),
        ({"name": "alone"}, [("unreachable", "nothing refers to it")]),
        (
            {"name": "alone", "covers": ("component/x",)},
            [("cover", "is said to cover component/x, which does not exist")],
        ),
        ({"body": "words"}, [("no steps", "has no steps: nobody can work through it")]),
    ],
)
def test_stale_unreachable_and_empty_ones_are_found(fields: dict[str, object], expected: list[tuple[str, str]]) -> None:
    world = World(objectives=dict.fromkeys(("a",), "orders") if fields.get("name") != "alone" else {})
    assert found(book(**fields), world=world) == expected  # type: ignore[arg-type]


def test_one_that_another_links_to_or_a_policy_names_can_be_reached() -> None:
    linked = book("linked"), book("orders", f"{STEPS}\n[x](linked.md)\n")
    assert found(*linked) == []
    assert found(book("named"), world=World(referred=frozenset({"named"}))) == []


def test_links_to_outside_are_gathered_with_where_they_are() -> None:
    books = (
        book("a", "[x](https://a.example/)\n\n[y](//b.example/) [z](https://c.example/{{ service }})"),
        book("b", "\n[x](https://a.example/)"),
    )
    assert external_links(books) == {"https://a.example/": [("a", 1), ("b", 2)], "//b.example/": [("a", 3)]}


def test_a_finding_reads_as_one_line() -> None:
    finding = Finding("dead link", "x", "there is no runbook x", "orders", 7)
    assert str(finding) == "error: dead link: orders line 7: there is no runbook x"
    assert finding.as_json()["level"] == "error"


INCIDENT = Incident(
    title="Order *tracking* | answers",
    number=7,
    severity="page",
    service="shop",
    objective="orders-availability",
    began=NOW - timedelta(minutes=20),
    fired=NOW - timedelta(minutes=18),
    ended=NOW,
    acknowledged=NOW - timedelta(minutes=15),
    acknowledged_by="ann",
    as_of=NOW,
    spent=0.37,
    left=-0.02,
    timeline=(
        Entry(NOW - timedelta(minutes=18), "Firing", "burning 20×"),
        Entry(NOW - timedelta(minutes=15), "Acknowledged", "on it\n# not a heading", "ann"),
    ),
    sheds=(Entry(NOW - timedelta(minutes=14), "shed parcel-map, now off", "burns", ""),),
    told=(Told("on-call", "firing", "sent", 2, "202 Accepted"),),
    runs=(RunDone("Orders", 3, (StepDone("Look.", True, "ann", ("1. fine",)), StepDone("Wait.", False)), "solved"),),
    url="https://b.example/alerts/7/",
)
GOLDEN = """\
# Post-mortem: Order \\*tracking\\* \\| answers

*Draft, made from what Brownout recorded. Questions in italics are for people to answer.*

| fact | what it was |
| --- | --- |
| Alert | [7](https://b.example/alerts/7/) |
| Severity | page |
| Service | shop |
| Objective | orders-availability |
| Began | 2026-03-02 11:40:00 UTC |
| Fired | 2026-03-02 11:42:00 UTC |
| Acknowledged | 2026-03-02 11:45:00 UTC by ann, after 3 min |
| Ended | 2026-03-02 12:00:00 UTC |
| Lasted | 20 min |

## Summary

*What happened, in three sentences, for somebody who was not there?*

## Impact

The share of the error budget of orders-availability that this episode cost was 37 %. At its last judgement -2 % of it \
was left.

*Who noticed, and what could they not do?*

## Timeline

- 2026-03-02 11:42:00 Firing: burning 20×
- 2026-03-02 11:45:00 Acknowledged: on it \\# not a heading (ann)

## What was shed

- 2026-03-02 11:46:00 shed parcel-map, now off: burns

## Who was told

| channel | what | state | attempts | answer |
| --- | --- | --- | ---: | --- |
| on-call | firing | sent | 2 | 202 Accepted |

## Runbook: Orders, version 3

- [x] Look. (ann)
  - 1\\. fine
- [ ] Wait.

Outcome: solved

## Causes

*What made it possible? What made it worse? What made it end?*

## What went well, what did not

*Was it noticed in time? Did the runbook help? Did shedding help?*

## Actions

- [ ] *What will be done, by whom, until when?*
"""


def test_a_post_mortem_is_drafted_word_for_word() -> None:
    assert draft(INCIDENT) == GOLDEN


def test_nothing_that_was_recorded_becomes_markup() -> None:
    html = render(draft(INCIDENT))
    assert "not a heading</h" not in html
    assert "Order *tracking* | answers" in html
    empty = Incident("x", 1, "page", "", "", NOW, None, None, None, "", NOW)
    assert "about no objective, so it has spent no budget" in draft(empty)
    assert "Nobody was told." in draft(empty)

"""What a runbook's Markdown says: sections, steps, placeholders, live elements, differences."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rules.difference import fields, lines
from alerts.rules.filling import PLACEHOLDERS, Embed, Html, embed, fill
from alerts.rules.runbook import Prose, Step, read

ORDERS = """\
Read this first.

## Detection

The circuit is open.

## Immediate action

Before anything else: breathe.

### If it pages

1. Check *order tracking*
   on [the map](/capabilities/).

   {{ embed flag parcel-map }}

   1. a detail
   2. another
2. Look at `{{ service }}`.

### If it is a ticket

1) Wait.

- not a step

## Recovery:

1. It recovers.

## Alarm

1. More than 10 errors in one minute.

## Related links

- [Language model](llm.md#recovery) and [down here](#alarm)
"""


def test_headings_say_which_section_it_is() -> None:
    found = [(section.kind, section.title, section.anchor) for section in read(ORDERS).sections]
    assert found == [
        ("lead", "", ""),
        ("detection", "Detection", "s-detection"),
        ("action", "Immediate action", "s-immediate-action"),
        ("recovery", "Recovery:", "s-recovery"),
        ("other", "Alarm", "s-alarm"),
        ("related", "Related links", "s-related-links"),
    ]
    assert read(ORDERS).section("detection") == "The circuit is open."


def test_the_steps_are_the_items_of_the_ordered_lists_of_actions_and_recovery() -> None:
    steps = read(ORDERS).steps
    assert [(step.key, step.text, step.line) for step in steps] == [
        ("action-1", "Check order tracking on the map.", 13),
        ("action-2", "Look at {{service}}.", 20),
        ("action-3", "Wait.", 24),
        ("recovery-1", "It recovers.", 30),
    ]
    assert steps[0].body == (
        "Check *order tracking*\non [the map](/capabilities/).\n\n{{ embed flag parcel-map }}\n\n"
        "1. a detail\n2. another"
    )


def test_what_stands_between_the_steps_is_kept_in_its_place() -> None:
    section = next(section for section in read(ORDERS).sections if section.kind == "action")
    shape = [part.key if isinstance(part, Step) else part.body for part in section.parts]
    assert shape == [
        "Before anything else: breathe.\n\n### If it pages",
        "action-1",
        "action-2",
        "### If it is a ticket",
        "action-3",
        "- not a step",
    ]


def test_what_a_text_refers_to_is_found_with_its_line() -> None:
    found = [(item.kind, item.target, item.line) for item in read(ORDERS).references]
    assert found == [
        ("link", "/capabilities/", 13),
        ("link", "/runbooks/llm/#s-recovery", 38),
        ("link", "#s-alarm", 38),
        ("braces", "embed flag parcel-map", 16),
        ("braces", "service", 20),
    ]


@pytest.mark.parametrize("body", ["", " \n\n", "---", "1. a step without a section", "## Recovery", "# Recovery\n\n2"])
def test_a_text_without_steps_has_none(body: str) -> None:
    assert read(body).steps == ()


@settings(max_examples=100)
@given(st.text(alphabet="#1.) -*`>[]{}\n\tab|~", max_size=200))
def test_any_text_can_be_read_and_its_steps_are_named_once(noise: str) -> None:
    steps = read(f"## Recovery\n\n{noise}\n\n## Immediate action\n\n1. look\n{noise}").steps
    assert len({step.key for step in steps}) == len(steps)
    assert all(isinstance(part, Step | Prose) for s in read(noise).sections for part in s.parts)


def html(body: str, **values: str) -> str:
    return "".join(part.html for part in fill(body, values) if isinstance(part, Html)).strip()


@pytest.mark.parametrize(
    ("body", "values", "shown"),
    [
        ("{{ service }} burns", {"service": "shop"}, "<p>shop burns</p>"),
        ("{{service}} {{ budget_left }}", {"service": "a", "budget_left": "3 %"}, "<p>a 3 %</p>"),
        ("`kubectl -n {{ service }}`", {"service": "shop"}, "<p><code>kubectl -n shop</code></p>"),
        ("{{ service }}", {}, '<p><code class="placeholder">service</code></p>'),
        ("{{ nonsense }}", {"nonsense": "x"}, "<p>x</p>"),
        ("{{ nonsense }}", {}, '<p><code class="unknown">{{nonsense}}</code></p>'),
        ("{{ 7*7 }} {% now %}", {}, '<p><code class="unknown">{{7*7}}</code> {% now %}</p>'),
        ("{{ service }}", {"service": "<b>*x*</b> [y](z)"}, "<p>&lt;b&gt;*x*&lt;/b&gt; [y](z)</p>"),
        ("{{ service }}", {"service": "{{ burn }}"}, "<p>{{ burn }}</p>"),
        ("a ``` {{ service }}", {"service": "</code><script>"}, "<p>a ``` &lt;/code&gt;&lt;script&gt;</p>"),
        ("    {{ service }}", {"service": "</pre>"}, "<pre><code>&lt;/pre&gt;\n</code></pre>"),
        (
            "[x]({{ alert_url }})",
            {"alert_url": "https://b.example/alerts/1/"},
            '<p><a href="https://b.example/alerts/1/" rel="noopener noreferrer">x</a></p>',
        ),
        (
            "[x](https://g.example/?s={{ service }})",
            {"service": "a&b=<c>"},
            '<p><a href="https://g.example/?s=a%26b%3D%3Cc%3E" rel="noopener noreferrer">x</a></p>',
        ),
        ("[x]({{ service }})", {"service": "javascript:alert(1)"}, '<a href="javascript%3Aalert%281%29"'),
        ("[x]({{ alert_url }})", {"alert_url": "javascript:alert(1)"}, '<p><a rel="noopener noreferrer">x</a></p>'),
        ("[x]({{ alert_url }})", {}, '<p><a rel="noopener noreferrer">x</a></p>'),
    ],
)
def test_a_value_is_put_in_as_words_and_never_as_markup(body: str, values: dict[str, str], shown: str) -> None:
    assert shown in html(body, **values)


@settings(max_examples=100)
@given(st.text(), st.sampled_from(["{{ service }}", "`{{ service }}`", "# {{ service }}", "[a]({{ alert_url }})"]))
def test_no_value_brings_an_element_with_it(value: str, body: str) -> None:
    plain = html(body, service="x", alert_url="https://a.example/")
    filled = html(body, service=value, alert_url=value)
    for tag in ("<script", "<img", "<b", "<h2", "<a "):
        assert filled.count(tag) <= plain.count(tag)
    assert "javascript:" not in filled.partition('href="')[2].partition('"')[0].lower()


def test_live_elements_stand_alone_on_their_line_in_the_text_and_in_a_step() -> None:
    parts = fill("look\n\n{{ embed circuit orders }}\n\n1. a\n\n   {{embed  flag  x}}\n2. b", {})
    assert [part for part in parts if isinstance(part, Embed)] == [Embed("circuit", "orders"), Embed("flag", "x")]
    whole = "".join(part.html if isinstance(part, Html) else "<div></div>" for part in parts)
    assert "<p><div>" not in whole
    assert "<li>\n<p>a</p>\n<div></div></li>" in whole


@pytest.mark.parametrize(
    "body", ["see {{ embed flag x }}", "{{ embed nothing x }}", "{{ embed flag <x> }}", "{{embed}}"]
)
def test_what_is_no_live_element_is_shown_as_it_stands(body: str) -> None:
    assert not any(isinstance(part, Embed) for part in fill(body, {}))
    assert 'class="unknown"' in html(body)


def test_marks_of_our_own_in_a_text_change_nothing() -> None:
    assert html("\ue0000\ue000 {{ service }}", service="\ue0007\ue000") == "<p>0 �7�</p>"


def test_what_may_stand_between_braces_is_told_apart() -> None:
    assert embed("embed capability order-tracking") == Embed("capability", "order-tracking")
    assert embed("service") is None
    assert "service" in PLACEHOLDERS


def test_a_difference_shows_the_lines_with_what_is_around_them() -> None:
    before = "\n".join(f"line {n}" for n in range(1, 21))
    found = lines(before, before.replace("line 10", "line ten\nand more"))
    assert [(line.kind, line.before, line.after) for line in found] == [
        ("gap", None, None),
        *(("same", n, n) for n in (7, 8, 9)),
        ("removed", 10, None),
        ("added", None, 10),
        ("added", None, 11),
        *(("same", n, n + 1) for n in (11, 12, 13)),
        ("gap", None, None),
    ]
    assert lines(before, before) == ()
    assert lines("", "new") == lines("", "new\n")


def test_a_difference_of_fields_names_them() -> None:
    found = fields({"title": "a", "owner": "x"}, {"title": "b", "owner": "x", "covers": ["component/orders"]})
    assert [(change.field, change.before, change.after) for change in found] == [
        ("covers", "", "component/orders"),
        ("title", "a", "b"),
    ]

"""Runbooks: their versions, their HTML, and their links."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import selectors
from alerts.models import Delivery, Runbook
from alerts.rules.markdown import render
from alerts.rules.runbook import related
from alerts.services.messages import compose
from alerts.services.runbooks import record
from slo.errors import NotFoundError
from tests.alerts.world import channel, fired
from tests.factories import NOW, objective

DAY = timedelta(days=1)


def book(name: str = "orders", body: str = "# Orders\n\n1. Look", **fields: str) -> Runbook:
    made = Runbook.objects.create(name=name, title=fields.pop("title", "Orders unavailable"), **fields)
    record(made, body, NOW)
    return made


@pytest.mark.django_db
def test_a_version_is_added_only_when_the_text_or_what_is_said_about_it_changes() -> None:
    orders = book()
    assert record(orders, "# Orders\n\n1. Look", NOW + DAY).number == 1
    assert record(orders, "# Orders\n\n1. Look twice", NOW + DAY).number == 2
    orders.owner = "orders team"
    assert record(orders, "# Orders\n\n1. Look twice", NOW + 2 * DAY).number == 3
    assert list(orders.versions.values_list("number", "created_at")) == [
        (3, NOW + 2 * DAY),
        (2, NOW + DAY),
        (1, NOW),
    ]
    assert selectors.runbook("orders").latest.number == 3  # type: ignore[union-attr]


@pytest.mark.django_db
def test_the_newest_version_is_read_for_all_runbooks_in_two_queries(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    for name in ("a", "b", "c"):
        record(book(name), f"newest of {name}", NOW + DAY)
    with django_assert_num_queries(2):  # type: ignore[operator]
        bodies = [b.latest.body for b in selectors.runbooks() if b.latest]
    assert bodies == ["newest of a", "newest of b", "newest of c"]


@pytest.mark.django_db
def test_an_objective_is_linked_only_to_a_runbook_that_exists() -> None:
    orders = book()
    assert selectors.runbook_for(objective(runbook="orders")) == orders
    assert selectors.runbook_for(objective(runbook="unwritten")) is None
    assert selectors.runbook_for(objective()) is None
    with pytest.raises(NotFoundError, match="no runbook named 'unwritten'"):
        selectors.runbook("unwritten")


@pytest.mark.django_db
def test_messages_link_the_page_and_an_existing_runbook() -> None:
    channel()
    alert = fired(runbook="orders")
    owed = Delivery.objects.get()
    bundle = compose(owed, selectors.runbook_names(), NOW)
    assert bundle is not None
    assert bundle.runbook_url == ""
    book()
    bundle = compose(owed, selectors.runbook_names(), NOW)
    assert bundle is not None
    message = bundle.first
    assert message.runbook_url == f"http://127.0.0.1:8000/runbooks/orders/?alert={alert.pk}"
    assert message.page_url == f"http://127.0.0.1:8000/alerts/{alert.pk}/"


RELATED = """## Immediate action

1. Look at [another page](https://not.related.example/).

## Related links

- [Status of the carrier](https://status.example/a?b=1)
- [ours](/components/orders/), [filled](https://x.example/{{ service }}), [](https://empty.example/)
- [Status of the carrier](https://status.example/a?b=1) and [**bold**](https://bold.example/)
- [Dashboard](HTTPS://grafana.example/d/1) · [third](http://three.example/) · [fourth](https://four.example/)
"""


def test_only_the_first_related_links_that_lead_outside_are_told() -> None:
    assert related(RELATED) == (
        ("Status of the carrier", "https://status.example/a?b=1"),
        ("Dashboard", "HTTPS://grafana.example/d/1"),
        ("third", "http://three.example/"),
    )


@pytest.mark.django_db
def test_messages_hand_on_the_related_links_of_the_runbook() -> None:
    channel()
    fired(runbook="orders")
    record(book(), RELATED, NOW)
    bundle = compose(Delivery.objects.get(), selectors.runbook_names(), NOW)
    assert bundle is not None
    assert bundle.first.links == related(RELATED)
    assert "Status of the carrier: https://status.example/a?b=1" in bundle.text


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# Title", '<h2 id="s-title">Title</h2>'),
        ("###### Deep", '<h2 id="s-deep">Deep</h2>'),
        ("# A\n\n##### B", '<h2 id="s-a">A</h2>\n<h3 id="s-b">B</h3>'),
        ("3. three\n4. four", '<ol start="3">\n<li>three</li>\n<li>four</li>\n</ol>'),
        ("a ~~b~~ **c** *d* `e`", "<p>a <s>b</s> <strong>c</strong> <em>d</em> <code>e</code></p>"),
        ("[x](https://a.example/b)", '<p><a href="https://a.example/b" rel="noopener noreferrer">x</a></p>'),
        ("[x](/runbooks/b/)", '<p><a href="/runbooks/b/" rel="noopener noreferrer">x</a></p>'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>"),
        (
            "![alt](https://a.example/p.png)",
            '<p>!<a href="https://a.example/p.png" rel="noopener noreferrer">alt</a></p>',
        ),
    ],
)
def test_markdown_is_shown_as_safe_html(markdown: str, html: str) -> None:
    assert render(markdown).strip() == html


def test_a_table_is_a_table() -> None:
    html = render("| part | state |\n| --- | ---: |\n| llm | down |")
    assert "<th>part</th>" in html
    assert "<td>llm</td>" in html
    assert "style" not in html


def test_steps_can_be_ticked_off_on_paper() -> None:
    html = render("- [ ] look at **it**\n- [x] done\n- [y] neither\n\n1. [X] also")
    assert html.count("checkbox") == 3
    assert '<li class="task"><input' in html
    assert html.count('checked=""') == 2
    assert "look at <strong>it</strong>" in html
    assert "[y] neither" in html


@settings(max_examples=200)
@given(st.one_of(st.text(), st.text(alphabet="<>[]()!\"'`=&;:/#*-+|\\ \nasxjavscript:onimg")))
def test_nothing_in_a_runbook_becomes_a_script_a_handler_or_a_foreign_image(body: str) -> None:
    html = render(body.encode("utf-8", "replace").decode()).lower()
    for forbidden in ("<script", "<img", "<iframe", "<style", 'href="javascript', "<form"):
        assert forbidden not in html

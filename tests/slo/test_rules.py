"""Rules for Prometheus: what they say, and what is left out of them."""

from datetime import timedelta
from typing import Any

import pytest
import yaml
from pytest_django.fixtures import Settings

from alerts.models import Runbook
from slo.errors import DefinitionError, NotFoundError
from slo.models import BurnPolicy, Exclusion
from slo.services.catalog.rules import export_rules
from tests import factories
from tests.factories import NOW
from tests.slo.test_apply_commands import run

pytestmark = pytest.mark.django_db


def groups(*names: str, **options: str) -> dict[str, Any]:
    """The rule groups by the name of the objective."""
    parsed = yaml.safe_load(export_rules(names, NOW, **options).text)
    return {group["name"].removeprefix("brownout:"): group for group in parsed["groups"]}


def alerts(name: str) -> dict[str, Any]:
    return {rule["labels"]["severity"]: rule for rule in groups(name)[name]["rules"] if "alert" in rule}


def test_an_objective_is_a_group_that_counts_each_scrape_and_alerts_by_severity() -> None:
    source = factories.source(spec={"url": "http://prom.test", "scrape_interval": 20})
    factories.objective("shop", source=source, service=factories.service("web"))
    group = groups()["shop"]
    assert group["interval"] == "20s"
    windows = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
    assert [rule.get("record") or rule["alert"] for rule in group["rules"]] == [
        "brownout:events_total:step",
        "brownout:events_good:step",
        *(f"brownout:{figure}:{w}" for w in windows for figure in ("events_total", "events_bad", "burn_rate")),
        "ErrorBudgetBurn",
        "ErrorBudgetBurn",
    ]
    assert all(rule["labels"].items() >= {"objective": "shop", "service": "web"}.items() for rule in group["rules"])


def test_an_alert_asks_for_both_burn_rates_and_the_minimum_of_events() -> None:
    window = {"severity": "page", "long": 3600, "short": 300, "factor": 10}
    policy = BurnPolicy.objects.create(name="floor", windows=[window], minimum={"events": 50, "bad": 0})
    factories.objective("shop", burn_policy=policy)
    assert alerts("shop").keys() == {"page"}
    assert alerts("shop")["page"]["expr"] == (
        '(brownout:burn_rate:1h{objective="shop"} > 10 and brownout:burn_rate:5m{objective="shop"} > 10 '
        'and brownout:events_total:1h{objective="shop"} >= 50)'
    )


def test_an_alert_links_the_page_and_a_runbook_that_exists(settings: Settings) -> None:
    settings.BASE_URL = "https://brownout.test"
    factories.objective("linked", runbook="web-down", title="All {{ good }}")
    factories.objective("unlinked", runbook="gone")
    Runbook.objects.create(name="web-down", title="Web down")
    annotations = alerts("linked")["page"]["annotations"]
    assert annotations["runbook_url"] == "https://brownout.test/runbooks/web-down/"
    assert annotations["page_url"] == "https://brownout.test/objectives/linked/"
    assert annotations["summary"].startswith('Page: All {{ "{{" }} good }} burns ')
    assert "runbook_url" not in alerts("unlinked")["page"]["annotations"]


def test_a_stated_patience_is_that_of_the_alert() -> None:
    policy = BurnPolicy.objects.create(
        name="calm",
        windows=[{"severity": "page", "long": 3600, "short": 300, "factor": 10}],
        timing={"page": {"pending": 120, "keep_firing": 90}},
    )
    factories.objective("shop", burn_policy=policy)
    alert = alerts("shop")["page"]
    assert (alert["for"], alert["keep_firing_for"]) == ("2m", "1m30s")


def test_what_cannot_be_a_rule_is_named_and_left_out() -> None:
    factories.objective("scraped", source=factories.source("direct", kind="scrape"))
    factories.objective("odd", sli={"total": "a", "good": "b", "counter": True, "moon": "full"})
    factories.objective("timed", sli={"query": "up", "op": "gte", "value": 1})
    moved = factories.objective("moved")
    Exclusion.objects.create(
        service=moved.service, start=NOW - timedelta(days=1), end=NOW, reason="moved", created_at=NOW
    )
    out, err, failure = run("export", "--format", "prometheus-rules")
    assert not failure
    assert [group["name"] for group in yaml.safe_load(out)["groups"]] == ["brownout:moved"]
    assert sorted(export_rules([], NOW).notes) == [
        "moved: its exclusions are not in the rules, which count everything",
        "odd is left out: rules know no moon",
        "scraped is left out: it is measured by direct, a source of the kind scrape",
        "timed is left out: it counts time, and the rules count events",
    ]
    assert "odd is left out: rules know no moon\n" in err


def test_a_rule_file_is_for_one_server() -> None:
    for name in ("east", "west"):
        factories.objective(f"shop-{name}", source=factories.source(name))
    with pytest.raises(DefinitionError, match="2 servers, east, west, and a rule file is for one; say --source east"):
        export_rules([], NOW)
    assert set(groups(source="west")) == set(groups("shop-west")) == {"shop-west"}
    with pytest.raises(NotFoundError, match="no DataSource named 'wst'; did you mean west"):
        export_rules([], NOW, source="wst")
    assert run("export", "--format", "prometheus-rules", "shp-east")[2] == (
        "There is no objective named 'shp-east'; did you mean shop-east?"
    )

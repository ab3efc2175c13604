"""An error-budget policy says what is done at which level, and the gate keeps to it."""

from io import StringIO
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from slo import selectors
from slo.errors import CatalogError, NotFoundError
from slo.maths.budget_policy import MARGIN, BudgetPolicy, Kind, Standing, Step, gate
from slo.models import BudgetPolicy as Row
from slo.models import Objective, Service
from slo.services.catalog import apply_documents, export_documents
from tests import factories
from tests.factories import NOW, ledger

INFORM, RISKY, ALL = Step(0.5, "inform"), Step(0.2, "freeze-risky", "no migrations"), Step(0.0, "freeze-all")
POLICY = BudgetPolicy("agreed", (INFORM, RISKY, ALL))


@pytest.mark.parametrize(
    ("remaining", "step"),
    [
        (None, None),
        (1, None),
        (0.51, None),
        (0.5, INFORM),
        (0.21, INFORM),
        (0.2, RISKY),
        (0.01, RISKY),
        (0, ALL),
        (-3, ALL),
    ],
)
def test_the_lowest_level_that_is_reached_applies(remaining: float | None, step: Step | None) -> None:
    assert POLICY.step(remaining) == step


@given(st.lists(st.floats(-2, 1), max_size=50))
def test_a_step_is_taken_at_once_and_left_only_with_a_margin(path: list[float]) -> None:
    held: Step | None = None
    for remaining in path:
        before, held = held, POLICY.settled(held.remaining if held else None, remaining)
        due = POLICY.step(remaining)
        # Never gentler than what is due, and if harsher, then only because the level held is hardly left.
        assert due is None or (held is not None and held.remaining <= due.remaining)
        if held != due:
            assert held == before
            assert held is not None
            assert remaining < held.remaining + MARGIN


def test_what_is_not_known_holds_the_step() -> None:
    assert POLICY.settled(0.2, None) == RISKY
    assert POLICY.settled(None, None) is None


def test_a_level_that_was_taken_out_of_the_policy_holds_nothing() -> None:
    assert POLICY.settled(0.3, 0.305) == INFORM


@pytest.mark.parametrize(
    ("remaining", "passing"),
    [
        (0.9, ["fix", "normal", "risky"]),
        (0.4, ["fix", "normal", "risky"]),
        (0.1, ["fix", "normal"]),
        (-1, ["fix"]),
        (None, ["fix", "normal", "risky"]),
    ],
)
def test_the_gate_closes_for_what_the_step_freezes(remaining: float | None, passing: list[Kind]) -> None:
    standing = Standing("checkout", remaining, POLICY, POLICY.step(remaining))
    kinds: tuple[Kind, ...] = ("fix", "normal", "risky")
    assert [kind for kind in kinds if gate("shop", kind, [standing]).open] == passing
    assert all(gate("shop", kind, [standing]).reasons for kind in kinds)


def test_one_objective_is_enough_to_close_the_gate_and_is_named() -> None:
    good, bad = (Standing(name, left, POLICY, POLICY.step(left)) for name, left in (("a", 0.9), ("b", 0.1)))
    found = gate("shop", "risky", [good, bad])
    assert not found.open
    assert found.reasons == ("b: 10 % of the budget left: freeze risky changes (no migrations)",)


def test_what_is_not_known_is_said_and_closes_nothing() -> None:
    found = gate("shop", "risky", [Standing("idle", None, POLICY, None)])
    assert found.open
    assert "nothing is known of its budget" in found.reasons[0]
    assert gate("shop", "risky", []).reasons == ("no error-budget policy is bound to the service",)


CATALOG = """\
    apiVersion: brownout/v1
    kind: ErrorBudgetPolicy
    metadata: {name: agreed, displayName: What we agreed}
    spec:
      services: [shop]
      steps:
        - {remaining: 0, action: freeze-all}
        - {remaining: 0.5, action: inform, text: Talk about it on Monday.}
        - {remaining: 0.2, action: freeze-risky}
    """


def write(folder: Path, text: str = CATALOG) -> Path:
    path = folder / "policy.yaml"
    path.write_text(dedent(text))
    return path


@pytest.fixture
def shop(db: None) -> Service:
    return factories.service("shop")


def objective(shop: Service, name: str = "checkout", *, bad: float = 0, **fields: Any) -> Objective:
    """An objective at 99 % with a day of ledger: a bad of 1 of 100 spends the whole budget."""
    item = factories.objective(name, target=0.99, days=1, service=shop, **fields)
    ledger(item, seconds=86_400, step=300, bad=bad)
    return item


def test_a_policy_is_applied_and_comes_back_as_it_was(shop: Service, tmp_path: Path) -> None:
    path = write(tmp_path)
    assert apply_documents([path], NOW)[0].action == "created"
    assert [step["remaining"] for step in Row.objects.get().steps] == [0.5, 0.2, 0]
    assert apply_documents([path], NOW)[0].action == "unchanged"
    path.write_text(export_documents(["agreed"]))
    assert apply_documents([path], NOW)[0].action == "unchanged"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[shop]", "[shpo]", "there is no Service named 'shpo'; did you mean shop"),
        ("services: [shop]", "objectives: [nothing]", "there is no SLO named 'nothing'"),
        ("services: [shop]", "services: []", "needs services or objectives"),
        ("remaining: 0.2", "remaining: 0.5", "two steps at 0.5 remaining"),
        ("remaining: 0.2", "remaining: 1.5", "must be below 1"),
        ("remaining: 0.2", "remaining: .nan", "is not a number"),
        ("freeze-risky", "freeze-some", "freeze-some"),
        ("services: [shop]", "services: [shop]\n      channels: [nobody]", "there is no Channel named 'nobody'"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said(shop: Service, tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(CatalogError) as caught:
        apply_documents([write(tmp_path, CATALOG.replace(old, new))], NOW)
    assert sentence.lower() in str(caught.value).lower()
    assert "policy.yaml:" in str(caught.value)
    assert not Row.objects.exists()


def test_a_service_has_one_policy_only(shop: Service, tmp_path: Path) -> None:
    both = f"{dedent(CATALOG)}---\n{dedent(CATALOG).replace('name: agreed', 'name: another')}"
    with pytest.raises(CatalogError, match="'shop' has the error-budget policy 'agreed' already"):
        apply_documents([write(tmp_path, both)], NOW)
    apply_documents([write(tmp_path)], NOW)
    with pytest.raises(CatalogError, match="'shop' has the error-budget policy 'agreed' already"):
        apply_documents([write(tmp_path, CATALOG.replace("name: agreed", "name: another"))], NOW)


def test_a_service_can_move_from_one_policy_to_another_in_one_apply(shop: Service, tmp_path: Path) -> None:
    factories.service("depot")
    apply_documents([write(tmp_path)], NOW)
    taken = dedent(CATALOG).replace("name: agreed", "name: another")
    left = dedent(CATALOG).replace("[shop]", "[depot]")
    apply_documents([write(tmp_path, f"{taken}---\n{left}")], NOW)
    assert dict(Row.objects.values_list("name", "services")) == {"agreed": ["depot"], "another": ["shop"]}


def test_the_status_tells_the_step(shop: Service, tmp_path: Path) -> None:
    objective(shop, bad=0.9)
    assert selectors.status("checkout", NOW).as_json()["budget_policy"] is None
    apply_documents([write(tmp_path)], NOW)
    assert selectors.status("checkout", NOW).as_json()["budget_policy"] == {
        "name": "agreed",
        "step": {"remaining": 0.2, "action": "freeze-risky", "text": ""},
    }


def test_an_objectives_own_policy_goes_before_its_services(shop: Service, tmp_path: Path) -> None:
    objective(shop, bad=0.9)
    apply_documents([write(tmp_path)], NOW)
    Row.objects.create(name="own", objectives=["checkout"], steps=[{"remaining": 0.2, "action": "inform", "text": ""}])
    status = selectors.status("checkout", NOW)
    assert status.step == Step(0.2, "inform")


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate is asked at the instant at which the factories' ledgers end."""
    real = selectors.gate
    monkeypatch.setattr(selectors, "gate", lambda service, kind, _at: real(service, kind, NOW))


def ask(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("gate", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


@pytest.mark.usefixtures("today")
def test_the_command_tells_a_pipeline_by_its_exit_status(shop: Service, tmp_path: Path) -> None:
    objective(shop, bad=0.9)
    assert ask("shop") == (0, "open\n  no error-budget policy is bound to the service\n")
    apply_documents([write(tmp_path)], NOW)
    assert ask("shop")[0] == 0
    status, words = ask("shop", "--change", "risky")
    assert status == 1
    assert words.startswith("closed\n  checkout: 10 % of the budget left: freeze risky changes")
    assert ask("shpo") == (2, "There is no service named 'shpo'")


@pytest.mark.usefixtures("today")
def test_the_gate_is_asked_over_json(shop: Service, tmp_path: Path, client: Client, settings: Settings) -> None:
    settings.PUBLIC_READ = True
    objective(shop, bad=2)
    apply_documents([write(tmp_path)], NOW)
    body = client.get("/api/v1/gate/shop").json()
    assert (body["open"], body["change"]) == (False, "normal")
    assert "freeze all but fixes" in body["reasons"][0]
    assert client.get("/api/v1/gate/shop?change=fix").json()["open"] is True
    assert client.get("/api/v1/gate/shop?change=huge").status_code == 422
    assert client.get("/api/v1/gate/nothing").status_code == 404


def test_an_unknown_service_has_no_gate(shop: Service) -> None:
    with pytest.raises(NotFoundError, match="no service named 'x'"):
        selectors.gate("x", "normal", NOW)

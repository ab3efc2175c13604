"""`manage.py apply` and `export`, as people and programs see them."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from slo.models import Objective, Service
from slo.services.catalog import apply_documents, export_documents, handlers
from tests.factories import NOW
from tests.slo.documents import ALL, COMPONENT, SERVICE
from tests.slo.reading import write

pytestmark = pytest.mark.django_db

# A document of every kind that other packages bring; those of kinds not installed are left out.
OTHERS = {
    "Circuit": """
apiVersion: brownout/v1
kind: Circuit
metadata: {name: web}
spec: {failures: 3, openFor: 1m}
""",
    "Silence": """
apiVersion: brownout/v1
kind: Silence
metadata: {name: move}
spec: {matchers: ['service="shop"'], start: 2026-03-01T02:00:00Z, duration: 2h, reason: The warehouse moves.}
""",
    "System": """
apiVersion: brownout/v1
kind: System
metadata: {name: whole, displayName: All of it}
spec:
  target: 0.99
  structure: web
  allocation: [{component: web, share: 0.5}]
""",
    "ErrorBudgetPolicy": """
apiVersion: brownout/v1
kind: ErrorBudgetPolicy
metadata: {name: agreed, displayName: What we agreed}
spec: {services: [shop], steps: [{remaining: 0.5, action: inform, text: Talk.}, {remaining: 0, action: freeze-all}]}
""",
    "Channel": """
apiVersion: brownout/v1
kind: Channel
metadata: {name: hook}
spec: {type: webhook, severities: [page], connectionDetails: {url: "http://hook.test/x", headers: {X-Key: secret}}}
""",
    "Runbook": """
apiVersion: brownout/v1
kind: Runbook
metadata: {name: web-down, displayName: The web is down}
spec:
  severity: P1
  owner: team-web
  body: |
    # The web is down

    1. Look: at *everything*.
""",
    "SheddingPolicy": """
apiVersion: brownout/v1
kind: SheddingPolicy
metadata: {name: careful}
spec: {services: [shop], description: Slowly, dwell: 20m}
""",
    "Flag": """
apiVersion: brownout/v1
kind: Flag
metadata: {name: banners}
spec: {service: shop, description: Banners, tier: 4, owner: team-web}
""",
    "Capability": """
apiVersion: brownout/v1
kind: Capability
metadata: {name: browsing, displayName: Browsing}
spec:
  service: shop
  position: 2
  modes:
    - {name: full, when: web}
    - {name: sorry, message: Come back later, link: "https://shop.test/help"}
""",
}


def run(name: str, *arguments: str) -> tuple[str, str, str]:
    """Standard output, standard error, and the sentence with which the command failed."""
    out, err, failure = StringIO(), StringIO(), ""
    try:
        call_command(name, *arguments, stdout=out, stderr=err)
    except CommandError as error:
        failure = str(error)
    return out.getvalue(), err.getvalue(), failure


def test_apply_tells_what_it_did_in_plain_lines(tmp_path: Path) -> None:
    path = str(write(tmp_path, SERVICE, COMPONENT))
    assert run("apply", path, "--dry-run") == (
        "+ Service shop\n+ Component web\n2 created, 0 unchanged; nothing was changed: this is a dry run\n",
        "",
        "",
    )
    assert run("apply", path) == ("+ Service shop\n+ Component web\n2 created, 0 unchanged\n", "", "")
    assert run("apply", path) == ("2 unchanged\n", "", "")
    write(tmp_path, SERVICE.replace("Sells comics.", "'[bold]Sells[/bold] manga :smile:'"))
    assert run("apply", path, "--prune") == (
        """~ Service shop
    description: Sells comics. → [bold]Sells[/bold] manga :smile:
- Component web
1 changed, 1 pruned, 0 unchanged
""",
        "",
        "",
    )


def test_apply_tells_every_mistake_on_standard_error_and_fails(tmp_path: Path) -> None:
    path = str(write(tmp_path, SERVICE.replace("shop,", "Shop,"), COMPONENT))
    out, err, failure = run("apply", path, str(tmp_path / "missing"))
    assert (out, failure) == ("", "2 mistakes; nothing was changed")
    assert (
        err.splitlines()
        == (
            f"{path}:4: metadata.name: 'Shop' is no name; write lower-case letters, digits, hyphens and "
            f"underscores, beginning and ending with a letter or digit, at most 100 characters\n"
            f"{tmp_path / 'missing'}: there is no such file or folder"
        ).splitlines()
    )
    assert not Service.objects.exists()


def test_export_gives_everything_or_what_is_named(tmp_path: Path) -> None:
    apply_documents([write(tmp_path, *ALL)], NOW)
    everything, _, _ = run("export", "--format", "openslo")
    assert everything.count("apiVersion:") == 8
    some, _, _ = run("export", "shop", "web-latency")
    assert [line for line in some.splitlines() if line.startswith("kind:")] == ["kind: Service", "kind: SLO"]


def test_export_of_something_unknown_fails_with_the_nearest_name(tmp_path: Path) -> None:
    apply_documents([write(tmp_path, *ALL)], NOW)
    assert run("export", "web-latncy")[2] == "There is nothing named 'web-latncy' to export; did you mean web-latency?"


def test_the_kinds_of_every_package_are_applied_exported_and_applied_again(tmp_path: Path) -> None:
    kinds = {handler.kind for handler in handlers()}
    others = [text for kind, text in OTHERS.items() if kind in kinds]
    first = apply_documents([write(tmp_path, *others, *ALL)], NOW)
    text = export_documents()
    again = apply_documents([write(tmp_path, text)], NOW, prune=True)
    assert {change.action for change in first} == {"created"}
    assert {change.action for change in again} == {"unchanged"}
    assert export_documents() == text
    assert {change.kind for change in again} == kinds


def test_an_slo_may_name_a_runbook_written_in_markdown(tmp_path: Path) -> None:
    (tmp_path / "web-down.md").write_text("---\ntitle: Web down\n---\nLook.\n", encoding="utf-8")
    write(tmp_path, *(text.replace("{brownout/comp", "{brownout/runbook: web-down, brownout/comp") for text in ALL))
    apply_documents([tmp_path], NOW)
    assert Objective.objects.get(name="web-availability").runbook == "web-down"

"""Channels and runbooks as documents."""

from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from alerts import selectors
from alerts.models import Channel, Runbook
from slo.errors import CatalogError
from slo.services.catalog import Change, apply_documents, export_documents
from tests.factories import NOW

pytestmark = pytest.mark.django_db

CHANNELS = """\
apiVersion: brownout/v1
kind: Channel
metadata: {name: pager}
spec:
  type: webhook
  severities: [page]
  connectionDetails: {url: "https://pager.example/hook", bearerToken: {fromEnv: T0KEN}}
---
apiVersion: brownout/v1
kind: Channel
metadata: {name: alertmanager}
spec:
  type: alertmanager
  connectionDetails: {url: "http://alertmanager:9093"}
---
apiVersion: brownout/v1
kind: Channel
metadata: {name: mail}
spec:
  type: email
  description: Everybody on the team.
  severities: [ticket, page]
  enabled: false
  connectionDetails: {to: [team@example.com]}
"""
RUNBOOK = """\
---
title: Orders unavailable
severity: P2
owner: orders team
---
1. Check that the circuit is open.
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(dedent(text))
    return folder


def actions(changes: list[Change]) -> list[tuple[str, str, str]]:
    return [(change.kind, change.name, change.action) for change in changes]


def test_channels_are_made_from_documents_and_applying_them_again_changes_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path, channels__yaml=CHANNELS)
    assert {action for _, _, action in actions(apply_documents([folder], NOW))} == {"created"}
    assert {action for _, _, action in actions(apply_documents([folder], NOW))} == {"unchanged"}
    pager, alertmanager, mail = (Channel.objects.get(name=name) for name in ("pager", "alertmanager", "mail"))
    assert (pager.kind, pager.severities) == ("webhook", ["page"])
    assert pager.spec == {"url": "https://pager.example/hook", "bearer_token": {"from_env": "T0KEN"}}
    assert (alertmanager.severities, alertmanager.spec) == (["page", "ticket"], {"url": "http://alertmanager:9093"})
    assert (mail.enabled, mail.severities, mail.spec) == (False, ["page", "ticket"], {"to": ["team@example.com"]})


ROUTED = """\
apiVersion: brownout/v1
kind: Channel
metadata: {name: boss}
spec:
  type: email
  severities: [page]
  match: ['service=~"orders|returns"', 'tier!="4", team="shop"']
  after: 15m
  remind: 4h
  groupBy: [team, alertname]
  groupWait: 30s
  connectionDetails: {to: [boss@example.com]}
"""


def test_what_a_channel_hears_how_soon_and_together_goes_through_documents_and_back(tmp_path: Path) -> None:
    apply_documents([write(tmp_path, channels__yaml=ROUTED)], NOW)
    boss = Channel.objects.get()
    assert boss.match == ['service=~"orders|returns"', 'tier!="4", team="shop"']
    assert (boss.after, boss.remind, boss.group_by, boss.group_wait) == (900, 14_400, ["team", "alertname"], 30)
    (document,) = yaml.safe_load_all(export_documents())
    assert document["spec"] == {
        "type": "email", "severities": ["page"], "match": boss.match, "after": "15m", "remind": "4h",
        "groupBy": ["team", "alertname"], "groupWait": "30s", "connectionDetails": {"to": ["boss@example.com"]},
    }  # fmt: skip
    assert {change.action for change in apply_documents([tmp_path], NOW)} == {"unchanged"}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("match: ['service ~ orders']", "after service comes"),
        ("match: ['service=~\"(\"']", "no regular expression"),
        ("after: soon", "no duration"),
        ("remind: 1s", "from 1m to 7d"),
        ("groupWait: 2h", "from 1s to 1h"),
        ("groupBy: ['a b']", "groupBy"),
    ],
)
def test_what_a_channel_cannot_hear_is_refused_with_its_reason(tmp_path: Path, line: str, complaint: str) -> None:
    kept = [text for text in ROUTED.splitlines() if text.split(":")[0].strip() != line.split(":", maxsplit=1)[0]]
    with pytest.raises(CatalogError) as caught:
        apply_documents([write(tmp_path, channels__yaml="\n".join([*kept, f"  {line}"]))], NOW)
    assert complaint in str(caught.value)


def test_a_token_is_not_told_when_a_channel_changes(tmp_path: Path) -> None:
    apply_documents([write(tmp_path, channels__yaml=CHANNELS)], NOW)
    changed = CHANNELS.replace("T0KEN", "N3WER").replace("[page]", "[page, ticket]")
    changes = apply_documents([write(tmp_path, channels__yaml=changed)], NOW)
    told = str([str(difference) for change in changes for difference in change.differences])
    assert "severities" in told
    assert "T0KEN" not in told
    assert "N3WER" not in told


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("https://pager.example/hook", "pager", "channels.yaml:7: spec.connectionDetails.url"),
        ("type: email", "type: pigeon", "channels.yaml:19: spec: type must be"),
        ("[ticket, page]", "[]", "channels.yaml:22: spec.severities"),
        ("team@example.com", "team", "channels.yaml:24: spec.connectionDetails.to.0"),
        ("{to: [team@example.com]}", "{}", "channels.yaml:24: spec.connectionDetails"),
    ],
)
def test_a_channel_that_cannot_work_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, channels__yaml=CHANNELS.replace(old, new))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CatalogError) as caught:
        apply_documents(["channels.yaml"], NOW)
    assert place in str(caught.value)
    assert not Channel.objects.exists()


def test_a_runbook_is_made_from_markdown_and_versioned_when_it_changes(tmp_path: Path) -> None:
    folder = write(tmp_path, orders__md=RUNBOOK)
    assert actions(apply_documents([folder], NOW)) == [("Runbook", "orders", "created")]
    assert actions(apply_documents([folder], NOW + timedelta(days=1))) == [("Runbook", "orders", "unchanged")]
    book = selectors.runbook("orders")
    assert (book.title, book.severity, book.owner) == ("Orders unavailable", "P2", "orders team")
    assert "<li>Check that the circuit is open.</li>" in selectors.runbook_html(book)

    apply_documents([write(tmp_path, orders__md=RUNBOOK + "2. Look at the status page.\n")], NOW + timedelta(days=2))
    apply_documents([write(tmp_path, orders__md=RUNBOOK.replace("P2", "P1"))], NOW + timedelta(days=3))
    versions = list(Runbook.objects.get().versions.values_list("number", "meta__severity", "created_at"))
    assert versions == [
        (3, "P1", NOW + timedelta(days=3)),
        (2, "P2", NOW + timedelta(days=2)),
        (1, "P2", NOW),
    ]


def test_a_dry_run_tells_of_a_new_version_and_writes_none(tmp_path: Path) -> None:
    apply_documents([write(tmp_path, orders__md=RUNBOOK)], NOW)
    folder = write(tmp_path, orders__md=RUNBOOK + "2. Look again.\n")
    (change,) = apply_documents([folder], NOW, dry_run=True)
    assert [str(difference) for difference in change.differences] == ["version: 1 → 2"]
    assert Runbook.objects.get().versions.count() == 1


def test_what_is_exported_can_be_applied_and_changes_nothing(tmp_path: Path) -> None:
    apply_documents([write(tmp_path, channels__yaml=CHANNELS, orders__md=RUNBOOK)], NOW)
    exported = tmp_path / "exported"
    exported.mkdir()
    (exported / "all.yaml").write_text(export_documents())
    assert {action for _, _, action in actions(apply_documents([exported], NOW))} == {"unchanged"}
    assert Runbook.objects.get().versions.count() == 1

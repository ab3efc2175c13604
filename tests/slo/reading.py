"""Reading and applying the documents of a test."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers

from slo.errors import CatalogError
from slo.openslo.exclusion import ExclusionSpec
from slo.openslo.expand import expand
from slo.openslo.kinds import BurnPolicySpec, ComponentSpec, DataSourceSpec, ServiceSpec
from slo.openslo.load import Loaded, load
from slo.openslo.promise import SLISpec, SLOSpec
from slo.openslo.schema import Spec
from slo.services.catalog import Change, apply_documents
from tests.factories import NOW


def write(folder: Path, *documents: str, name: str = "catalog.yaml") -> Path:
    """A file of these documents."""
    path = folder / name
    path.write_text("---".join(documents), encoding="utf-8")
    return path


class RunbookSpec(Spec):
    body: str
    severity: str = ""
    owner: str = ""


SPECS: dict[tuple[str, str], Any] = {
    ("openslo/v1", "Service"): ServiceSpec,
    ("openslo/v1", "DataSource"): DataSourceSpec,
    ("openslo/v1", "SLI"): SLISpec,
    ("openslo/v1", "SLO"): SLOSpec,
    ("brownout/v1", "Component"): ComponentSpec,
    ("brownout/v1", "BurnPolicy"): BurnPolicySpec,
    ("brownout/v1", "Exclusion"): ExclusionSpec,
    ("brownout/v1", "Runbook"): RunbookSpec,
}


def read(folder: Path, *documents: str, name: str = "catalog.yaml") -> Loaded:
    return expand(load([write(folder, *documents, name=name)], SPECS))


def sentences(folder: Path, *documents: str, name: str = "catalog.yaml") -> list[str]:
    """What is wrong, without the folder."""
    loaded = read(folder, *documents, name=name)
    return [str(error).removeprefix(f"{folder}{os.sep}") for error in loaded.errors]


def apply(folder: Path, *documents: str, dry_run: bool = False, prune: bool = False) -> list[Change]:
    return apply_documents([write(folder, *documents)], NOW, dry_run=dry_run, prune=prune)


def told(changes: list[Change]) -> list[str]:
    """The changes as `manage.py apply` shows them, without what is unchanged."""
    lines = []
    for change in changes:
        if change.action != "unchanged":
            lines.append(f"{change.action} {change.kind} {change.name}")
            lines += [f"  {difference}" for difference in change.differences]
    return lines


def refused(folder: Path, *documents: str, prune: bool = False) -> list[str]:
    """The sentences of an apply that fails, without the folder; it must have changed nothing."""
    before = everything()
    with pytest.raises(CatalogError) as caught:
        apply(folder, *documents, prune=prune)
    assert everything() == before
    return [str(error).replace(f"{folder}/", "") for error in caught.value.errors]


def everything() -> dict[str, str]:
    """Every row of every package, as text."""
    labels = ("slo", "alerts", "degradation")
    return {
        model._meta.label: serializers.serialize("json", model._default_manager.order_by("pk"))
        for label in labels
        for model in apps.get_app_config(label).get_models()
    }

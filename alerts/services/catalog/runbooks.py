"""The kind of document that says what to do."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from alerts.models import Runbook
from alerts.services.runbooks import record
from slo.openslo.schema import Spec, Title
from slo.services.catalog import Document, Handler, Resolver
from slo.services.catalog.differences import Difference


class RunbookSpec(Spec):
    """A Markdown file's front matter (without name and title) and, as `body`, the rest of it.

    `origin` is the address where the runbook is written and discussed.
    """

    body: str
    severity: Annotated[str, Field(max_length=20)] = ""
    owner: Title = ""
    origin: Annotated[str, Field(max_length=500)] = ""


class Runbooks(Handler[RunbookSpec, Runbook]):
    kind = "Runbook"
    order = 20
    spec = RunbookSpec
    model = Runbook

    def fields(self, document: Document[RunbookSpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec
        return {
            "title": document.title or document.name,
            "severity": spec.severity,
            "owner": spec.owner,
            "origin": spec.origin,
        }

    def saved(
        self, instance: Runbook, document: Document[RunbookSpec], resolver: Resolver
    ) -> Iterable[Difference] | None:
        last = instance.versions.first()
        newest = record(instance, document.spec.body, resolver.at)
        return [Difference("version", last.number, newest.number)] if last and last.pk != newest.pk else None

    def export(self, instance: Runbook) -> dict[str, Any]:
        kept = {name: getattr(instance, name) for name in ("severity", "owner", "origin")}
        body = instance.latest.body if instance.latest else ""
        return {**{name: text for name, text in kept.items() if text}, "body": body}

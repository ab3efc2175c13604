"""The kind of document that says what to do."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from alerts.models import Runbook
from alerts.rules.runbook import FAILURE, LONGEST
from alerts.services.runbooks import record
from slo.openslo.schema import Spec, Title
from slo.services.catalog import Document, Handler, Resolver
from slo.services.catalog.differences import Difference

FILE_LENGTH = 500
Failure = Annotated[str, Field(pattern=FAILURE, max_length=120)]


class RunbookSpec(Spec):
    """A Markdown file's front matter (without name and title) and, as `body`, the rest of it.

    `origin` is the address where the runbook is written and discussed; `covers` names failure modes it is for that no
    objective leads to, as `component/orders` or `capability/order-tracking`.
    """

    body: Annotated[str, Field(max_length=LONGEST)]
    severity: Annotated[str, Field(max_length=20)] = ""
    owner: Title = ""
    origin: Annotated[str, Field(max_length=500)] = ""
    covers: Annotated[list[Failure], Field(max_length=100)] = []


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
            "covers": spec.covers,
        }

    def saved(
        self, instance: Runbook, document: Document[RunbookSpec], resolver: Resolver
    ) -> Iterable[Difference] | None:
        last = instance.versions.first()
        if instance.file != (file := document.file[-FILE_LENGTH:]):
            # Where it lies is nobody's change: the same words out of another folder are the same runbook.
            instance.file = file
            instance.save(update_fields=["file"])
        newest = record(instance, document.spec.body, resolver.at, file=file)
        return [Difference("version", last.number, newest.number)] if last and last.pk != newest.pk else None

    def kept(self, instance: Runbook) -> bool:
        return not instance.file and bool(instance.latest and instance.latest.author)

    def export(self, instance: Runbook) -> dict[str, Any]:
        kept = {name: getattr(instance, name) for name in ("severity", "owner", "origin")}
        body = instance.latest.body if instance.latest else ""
        covers = {"covers": instance.covers} if instance.covers else {}
        return {**{name: text for name, text in kept.items() if text}, **covers, "body": body}

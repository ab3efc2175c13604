"""The kind Exclusion: a span that does not count, once or by a rule."""

from typing import Any

from django.db.models import QuerySet

from slo.maths.windows import iso
from slo.models import Exclusion, Objective, Service
from slo.openslo.exclusion import ExclusionSpec
from slo.openslo.load import Document
from slo.services import exclusions
from slo.services.catalog.checks import present
from slo.services.catalog.handlers import Handler
from slo.services.catalog.resolver import Resolver


class Exclusions(Handler[ExclusionSpec, Exclusion]):
    kind, order = "Exclusion", 40
    spec, model = ExclusionSpec, Exclusion

    def fields(self, document: Document[ExclusionSpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec
        return {
            "objective": resolver.get(Objective, spec.objective, document, "spec.objective")
            if spec.objective
            else None,
            "service": resolver.get(Service, spec.service, document, "spec.service") if spec.service else None,
            "start": spec.start,
            "end": spec.until,
            "rule": spec.rule,
            "zone": spec.time_zone,
            "reason": spec.reason,
        }

    def initial(self, document: Document[ExclusionSpec], resolver: Resolver) -> dict[str, Any]:
        return {"created_at": resolver.at}

    def saved(self, instance: Exclusion, document: Document[ExclusionSpec], resolver: Resolver) -> None:
        exclusions.note(instance, resolver.at, by=_by(document.name))

    def pruning(self, instance: Exclusion, resolver: Resolver) -> None:
        exclusions.note(instance, resolver.at, by=_by(instance.name or ""), deleted=True)

    def rows(self) -> QuerySet[Exclusion]:
        return Exclusion.objects.filter(name__isnull=False).select_related("objective", "service").order_by("name")

    def export(self, instance: Exclusion) -> dict[str, Any]:
        return present(
            {
                "objective": instance.objective and instance.objective.name,
                "service": instance.service and instance.service.name,
                "start": iso(instance.start),
                "end": iso(instance.end),
                "rule": instance.rule,
                "timeZone": "" if instance.zone == "UTC" else instance.zone,
                "reason": instance.reason,
            }
        )


def _by(name: str) -> str:
    return f"the document {name}"

"""The kind Silence: alerts that are not told of for a while, as a document."""

from typing import Any

from django.db.models import QuerySet

from alerts.models import Silence, SilenceChange
from alerts.services import silences
from alerts.services.silence_spec import SilenceSpec
from slo.maths.windows import iso
from slo.services.catalog import Document, Handler, Resolver
from slo.services.catalog.checks import present


class Silences(Handler[SilenceSpec, Silence]):
    kind = "Silence"
    order = 40
    spec = SilenceSpec
    model = Silence

    def fields(self, document: Document[SilenceSpec], resolver: Resolver) -> dict[str, Any]:
        return document.spec.fields()

    def initial(self, document: Document[SilenceSpec], resolver: Resolver) -> dict[str, Any]:
        return {"created_at": resolver.at, "by": _by(document.name)}

    def saved(self, instance: Silence, document: Document[SilenceSpec], resolver: Resolver) -> None:
        silences.note(instance, resolver.at, by=_by(document.name))

    def updated(self, instance: Silence, names: set[str], resolver: Resolver) -> None:
        # What somebody ended was what the document said before.
        ended = {"ended_at": None, "ended_by": None, "ended_via": "", "ended_reason": "", "cut_until": None}
        for name, value in ended.items():
            setattr(instance, name, value)
        Silence.objects.filter(pk=instance.pk).update(**ended)

    def pruning(self, instance: Silence, resolver: Resolver) -> None:
        by = _by(instance.name or "")
        silences.note(instance, resolver.at, action=SilenceChange.Action.DELETED, by=by)
        # What it holds is let go while it can still be said why.
        why = "it is declared no longer"
        Silence.objects.filter(pk=instance.pk).update(ended_at=resolver.at, ended_via=by, ended_reason=why)
        silences.settle(resolver.at)

    def rows(self) -> QuerySet[Silence]:
        return Silence.objects.filter(name__isnull=False).order_by("name")

    def export(self, instance: Silence) -> dict[str, Any]:
        return present(
            {
                "matchers": instance.matchers,
                "start": iso(instance.start),
                "end": iso(instance.end),
                "rule": instance.rule,
                "timeZone": "" if instance.zone == "UTC" else instance.zone,
                "reason": instance.reason,
            }
        )


def _by(name: str) -> str:
    return f"the document {name}"

"""The kinds around the promise: services, sources, components, burn policies."""

from typing import Any
from weakref import WeakKeyDictionary

from django.db.models import QuerySet
from pydantic.alias_generators import to_camel

from slo.errors import DefinitionError, PolicyError
from slo.maths.composite.system import circle
from slo.maths.windows import format_duration
from slo.models import BurnPolicy, Component, Objective, Service, Source
from slo.openslo.kinds import BurnPolicySpec, ComponentSpec, DataSourceSpec, ServiceSpec
from slo.openslo.load import OPENSLO, Document
from slo.services.catalog.checks import (
    FILE_LENGTH,
    check_policy,
    check_readable,
    forget_cursors,
    note_file,
    present,
    staying,
)
from slo.services.catalog.handlers import Handler
from slo.services.catalog.resolver import Resolver

OWNER = "brownout/owner"
# Words of structure expressions, which name components.
_RESERVED = {"all", "any", "at_least"}


class Services(Handler[ServiceSpec, Service]):
    api, kind, order = OPENSLO, "Service", 10
    spec, model = ServiceSpec, Service
    annotated = (OWNER,)

    def fields(self, document: Document[ServiceSpec], resolver: Resolver) -> dict[str, Any]:
        return {
            "title": document.title,
            "description": document.spec.description,
            "owner": document.annotations.get(OWNER, ""),
        }

    def annotations(self, instance: Service) -> dict[str, str]:
        return present({OWNER: instance.owner})

    def kept(self, instance: Service) -> bool:
        return Objective.objects.filter(service=instance, file="").exclude(made_by="").exists()

    def export(self, instance: Service) -> dict[str, Any]:
        return present({"description": instance.description})


class DataSources(Handler[DataSourceSpec, Source]):
    api, kind, order = OPENSLO, "DataSource", 10
    spec, model = DataSourceSpec, Source

    def fields(self, document: Document[DataSourceSpec], resolver: Resolver) -> dict[str, Any]:
        source = document.spec.root
        return {
            "title": document.title,
            "kind": source.type,
            "description": source.description,
            "spec": present(source.connection_details.model_dump(exclude_none=True)),
        }

    def updated(self, instance: Source, names: set[str], resolver: Resolver) -> None:
        # A scrape keeps its place for each target, so targets may come and go.
        if names & {"kind", "spec.url", "spec.tenant"}:
            forget_cursors(Objective.objects.filter(source=instance))

    def saved(self, instance: Source, document: Document[DataSourceSpec], resolver: Resolver) -> None:
        for objective in staying(Objective.objects.filter(source=instance), resolver):
            try:
                check_readable(objective.sli, instance)
            except DefinitionError as error:
                raise document.error(
                    f"the objective {objective.name!r} uses it, but {error.message}", "spec.type"
                ) from None
        note_file(instance, document)

    def initial(self, document: Document[DataSourceSpec], resolver: Resolver) -> dict[str, Any]:
        return {"file": document.file[-FILE_LENGTH:]}

    def kept(self, instance: Source) -> bool:
        made = bool(instance.made_by) and not instance.file
        return made or Objective.objects.filter(source=instance, file="").exclude(made_by="").exists()

    def export(self, instance: Source) -> dict[str, Any]:
        # A source made by hand may leave things out; the adapters' defaults are the documents'.
        kept: dict[str, Any] = instance.spec
        if instance.kind == Source.Kind.PROMETHEUS:
            details = {
                "url": kept.get("url"),
                "scrapeInterval": format_duration(kept.get("scrape_interval", 15)),
                "timeout": format_duration(kept.get("timeout", 10)),
            }
        elif instance.kind == Source.Kind.SCRAPE:
            details = {"targets": kept.get("targets"), "timeout": format_duration(kept.get("timeout", 5))}
        else:
            details = {}
        return present(
            {
                "type": instance.kind,
                "description": instance.description,
                "connectionDetails": present(details | _reached(kept)),
            }
        )


def _reached(kept: dict[str, Any]) -> dict[str, Any]:
    """What a source's spec says of headers, credentials and TLS, in the spelling of documents."""
    headers = {name: _spelled(value) for name, value in kept.get("headers", {}).items()}
    others = {name: _spelled(kept[name]) for name in ("bearer_token", "basic_auth", "tenant", "tls") if name in kept}
    return {"headers": headers, **{to_camel(name): value for name, value in others.items()}}


def _spelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {to_camel(name): _spelled(held) for name, held in value.items()}
    return value


class Components(Handler[ComponentSpec, Component]):
    kind, order = "Component", 20
    spec, model = ComponentSpec, Component

    def __init__(self) -> None:
        # What the documents of the apply that the resolver belongs to say of dependencies, as far as it has come.
        self._needs: WeakKeyDictionary[Resolver, dict[str, list[str]]] = WeakKeyDictionary()

    def fields(self, document: Document[ComponentSpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec
        if document.name in _RESERVED:
            raise document.error(f"{document.name} is a word of structure expressions; choose another", "metadata.name")
        self._check_needs(document, resolver)
        return {
            "service": resolver.get(Service, spec.service, document, "spec.service"),
            "title": document.title,
            "needs": [need.model_dump() for need in spec.depends_on],
            "latency_source": _histograms_of(document, resolver),
            "latency_histogram": spec.latency.histogram if spec.latency else "",
            **spec.model_dump(exclude={"service", "depends_on", "latency"}),
        }

    def _check_needs(self, document: Document[ComponentSpec], resolver: Resolver) -> None:
        """Every dependency exists, here or in a document still to come, and none leads back."""
        wanted = [need.component for need in document.spec.depends_on]
        for i, name in enumerate(wanted):
            if name in wanted[:i]:
                raise document.error(f"it depends on {name!r} already", f"spec.dependsOn.{i}.component")
            if not resolver.declares(Component, name):
                resolver.get(Component, name, document, f"spec.dependsOn.{i}.component")
        said = self._needs.setdefault(resolver, {})
        said[document.name] = wanted
        kept = Component.objects.exclude(needs=[]).values_list("name", "needs")
        others = {n: [need["component"] for need in needs] for n, needs in kept if not resolver.declares(Component, n)}
        found = circle({**others, **said})
        if found:
            raise document.error(f"the dependencies go in a circle: {' → '.join(found)}", "spec.dependsOn")

    def export(self, instance: Component) -> dict[str, Any]:
        return present(
            {
                "service": instance.service.name,
                "tier": instance.tier,
                "description": instance.description,
                "owner": instance.owner,
                "warnRatio": instance.warn_ratio,
                "downRatio": instance.down_ratio,
                "target": instance.target,
                "sla": instance.sla,
                "repair": format_duration(int(instance.repair)) if instance.repair else None,
                "dependsOn": instance.needs,
                "latency": instance.latency_source
                and {"metricSourceRef": instance.latency_source.name, "histogram": instance.latency_histogram},
            }
        )

    def rows(self) -> QuerySet[Component]:
        return Component.objects.select_related("service", "latency_source")


def _histograms_of(document: Document[ComponentSpec], resolver: Resolver) -> Source | None:
    """The source that a component's histogram is asked of, if it names one."""
    latency, place = document.spec.latency, "spec.latency.metricSourceRef"
    if latency is None:
        return None
    source = resolver.get(Source, latency.metric_source_ref, document, place)
    if source.kind not in (Source.Kind.PROMETHEUS, Source.Kind.SCRAPE):
        raise document.error(f"a DataSource of the type {source.kind} has no histograms", place)
    return source


class BurnPolicies(Handler[BurnPolicySpec, BurnPolicy]):
    kind, order = "BurnPolicy", 10
    spec, model = BurnPolicySpec, BurnPolicy

    def fields(self, document: Document[BurnPolicySpec], resolver: Resolver) -> dict[str, Any]:
        return document.spec.model_dump(exclude_none=True)

    def saved(self, instance: BurnPolicy, document: Document[BurnPolicySpec], resolver: Resolver) -> None:
        for objective in staying(Objective.objects.filter(burn_policy=instance), resolver):
            try:
                check_policy(objective)
            except PolicyError as error:
                message = f"the objective {objective.name!r} uses it: {error.message}"
                raise document.error(message, "spec.windows") from None

    def export(self, instance: BurnPolicy) -> dict[str, Any]:
        windows = [
            {**window, "long": format_duration(window["long"]), "short": format_duration(window["short"])}
            for window in instance.windows
        ]
        timing = {
            severity: {to_camel(name): format_duration(int(seconds)) for name, seconds in stated.items()}
            for severity, stated in instance.timing.items()
        }
        more = {"timing": timing, "minimum": instance.minimum}
        return present({"description": instance.description, "windows": windows, **more})

"""The kind ErrorBudgetPolicy: what is done as error budgets go."""

from typing import Any

from slo.models import BudgetPolicy, Objective, Service
from slo.openslo.budget import ErrorBudgetPolicySpec
from slo.openslo.load import Document
from slo.services.catalog.checks import present
from slo.services.catalog.handlers import Handler
from slo.services.catalog.resolver import Resolver


class ErrorBudgetPolicies(Handler[ErrorBudgetPolicySpec, BudgetPolicy]):
    """Applied after everything it names."""

    kind, order = "ErrorBudgetPolicy", 50
    spec, model = ErrorBudgetPolicySpec, BudgetPolicy

    def fields(self, document: Document[ErrorBudgetPolicySpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec
        for place, name in enumerate(spec.services):
            resolver.get(Service, name, document, f"spec.services.{place}")
        for place, name in enumerate(spec.objectives):
            resolver.get(Objective, name, document, f"spec.objectives.{place}")
        for place, name in enumerate(spec.channels):
            resolver.named("Channel", name, document, f"spec.channels.{place}")
        steps = sorted(spec.steps, key=lambda step: -step.remaining)
        return {
            "title": document.title,
            "description": spec.description,
            "services": sorted(set(spec.services)),
            "objectives": sorted(set(spec.objectives)),
            "channels": sorted(set(spec.channels)),
            "steps": [step.model_dump() for step in steps],
        }

    def saved(self, instance: BudgetPolicy, document: Document[ErrorBudgetPolicySpec], resolver: Resolver) -> None:
        for other in BudgetPolicy.objects.exclude(pk=instance.pk):
            declared = resolver.declares(BudgetPolicy, other.name)
            # One that will be pruned lets go of everything; one that is applied later is checked in its turn.
            if resolver.applied(other) if declared else not resolver.prune:
                self._check_apart(instance, other, document)

    def _check_apart(
        self, instance: BudgetPolicy, other: BudgetPolicy, document: Document[ErrorBudgetPolicySpec]
    ) -> None:
        for field in ("services", "objectives"):
            both = sorted(set(getattr(instance, field)) & set(getattr(other, field)))
            if both:
                raise document.error(
                    f"{both[0]!r} has the error-budget policy {other.name!r} already; name it in one of them",
                    f"spec.{field}",
                )

    def export(self, instance: BudgetPolicy) -> dict[str, Any]:
        return present(
            {
                "description": instance.description,
                "services": instance.services,
                "objectives": instance.objectives,
                "channels": instance.channels,
                "steps": [{name: value for name, value in step.items() if value != ""} for step in instance.steps],
            }
        )

from django.apps import AppConfig


class SloConfig(AppConfig):
    name = "slo"
    verbose_name = "Promises"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from slo.services.catalog import register
        from slo.services.catalog.budget import ErrorBudgetPolicies
        from slo.services.catalog.exclusions import Exclusions
        from slo.services.catalog.kinds import BurnPolicies, Components, DataSources, Services
        from slo.services.catalog.promises import SLOs
        from slo.services.catalog.systems import Systems

        for handler in (
            Services(),
            DataSources(),
            BurnPolicies(),
            Components(),
            SLOs(),
            Exclusions(),
            ErrorBudgetPolicies(),
            Systems(),
        ):
            register(handler)

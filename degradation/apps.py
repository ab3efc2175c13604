from django.apps import AppConfig


class DegradationConfig(AppConfig):
    name = "degradation"
    verbose_name = "Degradation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from alerts.services.remedies import register
        from degradation.models import FlagChange
        from degradation.ofrep.memory import changed
        from degradation.selectors.shed_views import shed_now
        from degradation.services.catalog import register_all

        register_all()
        register(shed_now)
        post_save.connect(changed, sender=FlagChange, dispatch_uid="flags in memory")

from django.apps import AppConfig


class DegradationConfig(AppConfig):
    name = "degradation"
    verbose_name = "Degradation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from degradation.models import FlagChange
        from degradation.ofrep.memory import changed
        from degradation.services.catalog import register_all

        register_all()
        post_save.connect(changed, sender=FlagChange, dispatch_uid="flags in memory")

from django.apps import AppConfig


class DegradationConfig(AppConfig):
    name = "degradation"
    verbose_name = "Degradation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from degradation.services.catalog import register_all

        register_all()

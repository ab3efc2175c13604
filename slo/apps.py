from django.apps import AppConfig


class SloConfig(AppConfig):
    name = "slo"
    verbose_name = "Promises"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root, as an app so that its command is found."""

    name = "config"

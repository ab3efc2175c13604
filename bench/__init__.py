"""Measurements anyone can run. Django is set up here, before any part is imported: all of them use its models."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.update(
    DEBUG="0", SECRET_KEY="b" * 60, HTTPS="0", BROKER_URL="memory://", LOG_LEVEL="ERROR", TICK_SECONDS="30"
)

django.setup()

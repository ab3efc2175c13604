"""The tests' environment: development settings that are the same everywhere, unless the caller says otherwise."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("HTTPS", "0")
os.environ.setdefault("BROKER_URL", "memory://")

"""Alerts, runbooks and the outbox over JSON."""

from ninja import Router

router = Router(tags=["alerts"])

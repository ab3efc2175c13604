"""The switch of the whole installation: may the loop shed by itself, and does it do so in earnest?"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from degradation.errors import OverrideError
from degradation.models import Automation, AutomationChange
from degradation.rules.value import check_reason
from degradation.services.changes import conflict


def present() -> Automation:
    """How it is switched now: off, unless somebody has turned it on."""
    return Automation.objects.filter(pk=1).first() or Automation(pk=1)


def hold_still(seen: Automation) -> None:
    """Let nobody else begin to shed, or switch, until the transaction ends. Call inside one.

    Raises ConflictError when somebody has switched since it was seen.
    """
    if not Automation.objects.select_for_update().filter(pk=1, version=seen.version).exists():
        raise conflict("the automatic switch")


def switch(
    *,
    automatic: bool | None = None,
    dry_run: bool | None = None,
    user: User | None,
    reason: str,
    at: datetime,
    version: int | None = None,
) -> Automation:
    """Turn automatic shedding, or the dry run, on or off; None leaves it. `version` is that of the switch as seen.

    Off, nothing more is shed; what is shed still comes back. Raises OverrideError without a reason or without a change,
    ConflictError when somebody was faster.
    """
    reason = check_reason(reason)
    Automation.objects.get_or_create(pk=1)
    with transaction.atomic():
        row = Automation.objects.get(pk=1)
        wanted = (row.automatic if automatic is None else automatic, row.dry_run if dry_run is None else dry_run)
        if wanted == (row.automatic, row.dry_run):
            raise OverrideError("It is switched like that already")
        same = Automation.objects.filter(pk=1, version=row.version if version is None else version)
        if not same.update(automatic=wanted[0], dry_run=wanted[1], version=row.version + 1):
            raise conflict("the automatic switch")
        AutomationChange.objects.create(at=at, automatic=wanted[0], dry_run=wanted[1], reason=reason, actor=user)
    return present()

"""Who hears of incidents: asked in, confirmed, and gone again. Nobody learns here who else has subscribed.

Webhooks are added by operators only: whoever may choose where this server sends requests can make it knock at doors
inside the network it stands in.
"""

import secrets
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from degradation.errors import SubscriptionError
from degradation.models import IncidentUpdate, Notice, Subscriber
from slo.errors import NotFoundError
from slo.openslo.fields import checked_url

# So long the link in a confirmation is good, and so long an address that confirmed nothing is kept.
PENDING = timedelta(hours=24)
# The same address is asked no more often, whoever types it in; and all together no more often than this in an hour.
ASK_AGAIN, MOST_ASKED = timedelta(minutes=10), 200
LONGEST_ADDRESS = 254


def subscribe(address: str, at: datetime) -> None:
    """Ask an address whether it wants to hear of incidents. Whether it does already is not to be seen from outside.

    Raises SubscriptionError for what is no address.
    """
    address = checked_email(address)
    hour = Notice.objects.filter(update=None, owed_at__gt=at - timedelta(hours=1))
    if hour.count() >= MOST_ASKED:
        return
    row, _ = Subscriber.objects.get_or_create(
        kind=Subscriber.Kind.EMAIL, address=address, defaults={"key": _key(), "created_at": at}
    )
    if row.confirmed_at is None and not row.notices.filter(owed_at__gt=at - ASK_AGAIN).exists():
        Subscriber.objects.filter(pk=row.pk, confirmed_at=None).update(created_at=at)
        Notice.objects.create(subscriber=row, owed_at=at, due_at=at)


def checked_email(address: str) -> str:
    """The address as it is kept. Raises SubscriptionError."""
    address = address.strip()
    try:
        validate_email(address)
    except ValidationError:
        address = ""
    # Two spellings of one address would be two subscriptions; what is not ASCII our mail server may not take.
    if not address or len(address) > LONGEST_ADDRESS or not address.isascii() or not address.isprintable():
        raise SubscriptionError("That is no e-mail address; write it as name@example.com")
    return address.lower()


def subscription(key: str) -> Subscriber | None:
    """The subscription whose link somebody opened; None when there is none (any more)."""
    return Subscriber.objects.filter(kind=Subscriber.Kind.EMAIL, key=key).first()


def confirm(key: str, at: datetime) -> bool:
    """The owner of the address wants to hear of incidents. Returns whether the link was (still) good."""
    if Subscriber.objects.filter(key=key, confirmed_at=None, created_at__gt=at - PENDING).update(confirmed_at=at):
        return True
    return Subscriber.objects.filter(key=key, confirmed_at__isnull=False).exists()


def unsubscribe(key: str) -> bool:
    """Nothing more is sent, and the address is forgotten. Returns whether it was subscribed."""
    return bool(Subscriber.objects.filter(kind=Subscriber.Kind.EMAIL, key=key).delete()[0])


def add_webhook(url: str, *, at: datetime, by: str) -> Subscriber:
    """Let a program hear of incidents. Raises SubscriptionError."""
    try:
        url = checked_url(url.strip())
    except ValueError as error:
        raise SubscriptionError(str(error)) from None
    if len(url) > 500 or "@" in url.split("/")[2]:
        raise SubscriptionError("Give an address of at most 500 characters without a password in it")
    try:
        with transaction.atomic():
            return Subscriber.objects.create(
                kind=Subscriber.Kind.WEBHOOK, address=url, key=_key(), created_at=at, confirmed_at=at, added_by=by
            )
    except IntegrityError:
        raise SubscriptionError("That address hears of incidents already") from None


def remove_webhook(pk: int) -> None:
    """A program hears of nothing more. Raises NotFoundError."""
    if not Subscriber.objects.filter(pk=pk, kind=Subscriber.Kind.WEBHOOK).delete()[0]:
        raise NotFoundError(f"There is no webhook {pk}")


def owe(update: IncidentUpdate, at: datetime) -> None:
    """Owe an update to everybody who has confirmed; in the transaction in which it is written."""
    readers = Subscriber.objects.filter(confirmed_at__isnull=False).values_list("pk", flat=True)
    rows = [Notice(subscriber_id=pk, update=update, owed_at=at, due_at=at) for pk in readers]
    Notice.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


def forget(at: datetime) -> None:
    """Forget addresses that were never confirmed, and what was sent long ago."""
    Subscriber.objects.filter(confirmed_at=None, created_at__lte=at - PENDING).delete()
    Notice.objects.exclude(state=Notice.State.DUE).filter(owed_at__lt=at - timedelta(days=30)).delete()


def _key() -> str:
    return secrets.token_urlsafe(32)

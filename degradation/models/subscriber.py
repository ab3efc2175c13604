"""Who hears of incidents, and what is owed to them."""

from base64 import b64encode

from django.db import models
from django.db.models import Q

from degradation.models.incident import IncidentUpdate


class Subscriber(models.Model):
    """An address that hears of incidents once it is confirmed: by whom it belongs to, or, a webhook, by an operator.

    Unsubscribing deletes the row, and with it everything that is still owed. `key` is in the links of its mails.
    """

    class Kind(models.TextChoices):
        EMAIL = "email"
        WEBHOOK = "webhook"

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.EMAIL)
    address = models.CharField(max_length=500)
    key = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    # The operator who added a webhook.
    added_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("kind", "address")
        constraints = (models.UniqueConstraint(fields=("kind", "address"), name="one_subscription_an_address"),)

    def __str__(self) -> str:
        return self.address

    @property
    def signing_key(self) -> bytes:
        """What requests to a webhook are signed with."""
        return self.key.encode()

    @property
    def signing_secret(self) -> str:
        """The same as a receiver writes it down, after standardwebhooks.com."""
        return f"whsec_{b64encode(self.signing_key).decode()}"


class Notice(models.Model):
    """A message owed to a subscriber: an outbox row. Without an update it asks to confirm the subscription.

    Claimed by moving `leased_until`; a crash lets the lease run out, and it is sent again.
    """

    class State(models.TextChoices):
        DUE = "due"
        SENT = "sent"
        DEAD = "dead"

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="notices")
    update = models.ForeignKey(IncidentUpdate, on_delete=models.CASCADE, null=True, related_name="notices")
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    owed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("state", "due_at")),)
        constraints = (
            models.UniqueConstraint(
                fields=("subscriber", "update"), condition=Q(update__isnull=False), name="one_notice_an_update"
            ),
        )

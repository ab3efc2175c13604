"""Whom to tell, and what is owed to them."""

from django.db import models
from django.db.models import Q

from alerts.models.alert import Alert, Transition


def by_service() -> list[str]:
    """What a channel groups by unless it says otherwise."""
    return ["service"]


class Channel(models.Model):
    """A place to tell people: `kind` names the adapter, `spec` what it needs; the rest says what it wants to hear.

    It hears of alerts of its `severities` whose labels satisfy every text of `match`; with `after` (seconds) only of
    those nobody has acknowledged that long after they fired, which is escalation. Alerts whose `group_by` labels are
    equal come in one message; the first one of a group waits `group_wait` seconds for company. Every `remind` seconds
    (0: never) it hears again of what still fires unacknowledged. `file` is where its document lies, `made_by` who
    made it on a page.
    """

    name = models.SlugField(max_length=100, unique=True)
    kind = models.CharField(max_length=20)
    description = models.TextField(blank=True)
    spec = models.JSONField(default=dict)
    severities = models.JSONField(default=list)
    match = models.JSONField(default=list)
    after = models.PositiveIntegerField(default=0)
    remind = models.PositiveIntegerField(default=0)
    group_by = models.JSONField(default=by_service)
    group_wait = models.PositiveIntegerField(default=0)
    enabled = models.BooleanField(default=True)
    file = models.CharField(max_length=500, blank=True, default="")
    made_by = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ChannelCircuit(models.Model):
    """How a channel's receiver has answered lately. Open (`opened_at`), it is left alone until `resume_at`.

    A receiver that asks for patience (Retry-After) is given it by `resume_at` too, its circuit being closed.
    """

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, primary_key=True, related_name="circuit")
    failures = models.PositiveIntegerField(default=0)
    openings = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    resume_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)


class Group(models.Model):
    """What a channel hears of together: an episode from its first alert until the last of them has ended.

    `key` is what its alerts have in common, spelled out in `labels`; a storm shares nothing but its time.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="groups")
    key = models.CharField(max_length=255)
    labels = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    alerts = models.ManyToManyField(Alert, related_name="groups")

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("channel", "key"), condition=Q(closed_at=None), name="one_open_group"),
        )

    def __str__(self) -> str:
        return self.key

    @property
    def episode(self) -> str:
        """Names the group for receivers, at most 140 ASCII characters; not used again, even by a restored database."""
        return f"{self.channel.name}:{self.pk}-{int(self.opened_at.timestamp())}"


class Delivery(models.Model):
    """A message owed to a channel about one of its groups: outbox row and history at once.

    It was owed because of its `transitions`; what it says is made up when it is sent. `dedup_key` names it for the
    receiver, however often it is sent. A delivery is claimed by moving `leased_until`; a crash lets the lease run out.
    """

    class State(models.TextChoices):
        DUE = "due"
        SENT = "sent"
        DEAD = "dead"

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    transitions = models.ManyToManyField(Transition, related_name="deliveries")
    dedup_key = models.CharField(max_length=255, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    owed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    # Times the receiver has accepted it: channels that must be reminded are sent a firing alert again and again.
    sends = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "deliveries"
        indexes = (models.Index(fields=("state", "due_at")),)

    @property
    def told(self) -> str:
        """What it was owed for, in a word or two: `firing`, `firing and resolved`, `acknowledgement`."""
        state = Transition.Kind.STATE
        kinds = [t.after if t.kind == state else t.get_kind_display().lower() for t in self.transitions.all()]
        return " and ".join(dict.fromkeys(kinds))

    @property
    def tries(self) -> int:
        """How often it was sent: each time it was accepted, and the attempts since."""
        return self.sends + self.attempts

    @property
    def alerts(self) -> list[Alert]:
        """The alerts it was owed for."""
        return list({change.alert_id: change.alert for change in self.transitions.all()}.values())

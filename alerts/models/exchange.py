"""What passes between a channel and us beside deliveries: tests of it, and what it reports back."""

from django.db import models

from alerts.models.alert import Alert
from alerts.models.delivery import Channel


class ChannelTrial(models.Model):
    """A test message sent to a channel because somebody asked for it, and the answer; `outcome` is empty meanwhile."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="trials")
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    outcome = models.CharField(max_length=20, blank=True)
    answer = models.TextField(blank=True)
    seconds = models.FloatField(null=True)

    class Meta:
        ordering = ("-at", "-id")


class Report(models.Model):
    """Something a receiver told us: `key` names it however often it is sent, `event` is its own word for it.

    `subject` is what it was about there and `said_at` when it happened there; `outcome` says what became of it here,
    `alerts` which ones it was about.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="reports")
    key = models.CharField(max_length=255)
    event = models.CharField(max_length=100)
    by = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    said_at = models.DateTimeField()
    subject = models.CharField(max_length=255, blank=True)
    outcome = models.CharField(max_length=500)
    alerts = models.ManyToManyField(Alert, related_name="reports")

    class Meta:
        ordering = ("-at", "-id")
        constraints = (models.UniqueConstraint(fields=("channel", "key"), name="one_report_a_key"),)

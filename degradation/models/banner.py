"""A sentence that users of the watched system see, from when to when, and who put it up."""

from django.conf import settings
from django.db import models

from degradation.models.capability import Capability


class Banner(models.Model):
    """One banner. It stands from `since` until `ended_at`, or `until` at the latest if that is set.

    `put_up_by` says what did it ("loop", "capability", a token or a user's name); `cause` names it among those that are
    put up by themselves (a shed step, a capability), so that it is put up once and taken down by what put it up.
    """

    text = models.TextField()
    capability = models.ForeignKey(Capability, on_delete=models.CASCADE, null=True, blank=True, related_name="banners")
    cause = models.CharField(max_length=200, blank=True)
    put_up_by = models.CharField(max_length=200)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-since", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("cause",), condition=models.Q(ended_at=None) & ~models.Q(cause=""), name="one_banner_a_cause"
            ),
        )

    def __str__(self) -> str:
        return self.text

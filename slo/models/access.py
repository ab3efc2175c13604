"""Who may do what, for programs: people have users and groups."""

from django.db import models


class ApiToken(models.Model):
    """A token for applications, stored as a SHA-256 digest: its 256 random bits need no slow hash."""

    class Role(models.TextChoices):
        VIEWER = "viewer"
        REPORTER = "reporter"
        OPERATOR = "operator"
        ADMIN = "admin"

    name = models.CharField(max_length=100, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=20, choices=Role, default=Role.VIEWER)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

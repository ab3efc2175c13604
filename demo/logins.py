"""People of the demo, one a role. Their passwords are public: they exist in the demo's own database only."""

from django.contrib.auth.models import Group, User

from slo.services.access import RANKS


def password(role: str) -> str:
    """The demo password of a role's user, whose name is the role."""
    return f"demo-{role}"


def create() -> None:
    """Make the users that are missing. Those that exist keep their passwords."""
    for role in RANKS:
        user, new = User.objects.get_or_create(username=role, defaults={"is_staff": role == "admin"})
        if new:
            user.set_password(password(role))
            user.save()
            user.groups.add(Group.objects.get(name=role))

"""What people do with a channel besides defining it: switch it, and send again what it never got."""

import logging
from datetime import datetime

from alerts.errors import NotDeadError
from alerts.models import Channel, Delivery
from alerts.services.deliver import send_again

log = logging.getLogger(__name__)


def switch(channel: Channel, by: str, *, enabled: bool) -> bool:
    """Enable or disable a channel; what is owed to a disabled one is given up. False if it was so already.

    Applying the document that defines it sets it to what is written there.
    """
    changed = bool(Channel.objects.filter(pk=channel.pk, enabled=not enabled).update(enabled=enabled))
    if changed:
        log.info("The channel %s was %s by %s", channel.name, "enabled" if enabled else "disabled", by)
    return changed


def send_all_again(channel: Channel, at: datetime) -> int:
    """Owe everything again that the channel never got, the oldest first. Returns the number of messages."""
    sent = 0
    for letter in Delivery.objects.filter(channel=channel, state=Delivery.State.DEAD).order_by("pk"):
        try:
            send_again(letter, at)
            sent += 1
        except NotDeadError:
            # It followed one that was sent again, or somebody else was quicker.
            continue
    return sent

"""Send what subscribers are owed: mails in one lane, each webhook in its own, none ever part of a tick.

At least once: a message is claimed by a lease, and one whose sender died is sent again under the same Message-ID or
key. Whoever has unsubscribed is gone with everything that was owed.
"""

import hashlib
import json
import logging
import random
import smtplib
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse

from alerts.channels.base import Answer
from alerts.channels.email import trouble
from alerts.channels.http import Poster
from alerts.channels.webhook import signature
from alerts.rules.retry import delay, given_up
from alerts.rules.words import clip
from degradation import selectors
from degradation.models import Notice, Subscriber
from degradation.rules import public_formats

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
# A run waits no longer for a lane; a lane goes on by itself, and takes up nothing new after its time.
PATIENCE_SECONDS, RUN_SECONDS = 2.0, 20.0
# So many receivers at a time; the others have their turn when one of these is done.
MOST_LANES = 16

_lanes: dict[str, threading.Thread] = {}
_guard = threading.Lock()


def send_due(at: datetime) -> None:
    """Send what is due, in threads of its own: this returns within two seconds, whatever the receivers do."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    started = [_start(at, Subscriber.Kind.EMAIL)] if _due(at, Subscriber.Kind.EMAIL).exists() else []
    hooks = _due(at, Subscriber.Kind.WEBHOOK).values_list("subscriber", flat=True)
    started += filter(None, (_start(at, Subscriber.Kind.WEBHOOK, pk) for pk in sorted(set(hooks))))
    for thread in filter(None, started):
        thread.join(max(0.0, deadline - time.monotonic()))


def _start(at: datetime, kind: str, subscriber: int | None = None) -> threading.Thread | None:
    """The lane, begun if it is not under way; None while as many as there may be are. What is owed stays owed."""
    name = f"{kind}-{subscriber}" if subscriber else kind
    with _guard:
        for over in [key for key, thread in _lanes.items() if not thread.is_alive()]:
            del _lanes[over]
        if name in _lanes:
            return _lanes[name]
        if len(_lanes) >= MOST_LANES:
            return None
        thread = threading.Thread(target=_lane, args=(at, kind, subscriber), name=f"notices-{name}", daemon=True)
        _lanes[name] = thread
        thread.start()
        return thread


def _lane(at: datetime, kind: str, subscriber: int | None) -> None:
    try:
        send(kind, at, subscriber)
    except Exception:
        log.exception("Messages to subscribers (%s) could not be sent; what is owed stays owed", kind)
    finally:
        connection.close()


def send(kind: str, at: datetime, subscriber: int | None = None) -> int:
    """Send what is due to subscribers of a kind (to one), one after the other. Returns how many were accepted.

    A mail server in trouble is left alone until the next run; of webhooks each has its own trouble.
    """
    began, accepted = time.monotonic(), 0
    while (passed := time.monotonic() - began) < RUN_SECONDS:
        moment = at + timedelta(seconds=passed)
        notice = _claim(kind, moment, subscriber)
        if notice is None:
            break
        answer = _SENDERS[kind](notice, moment)
        _settle(notice, answer, at + timedelta(seconds=time.monotonic() - began))
        accepted += answer.outcome == "accepted"
        if answer.outcome == "retry" and kind == Subscriber.Kind.EMAIL:
            break
    return accepted


def _due(at: datetime, kind: str, subscriber: int | None = None) -> QuerySet[Notice]:
    """What may be claimed: due, held by no other sender, and nothing older owed to the same subscriber."""
    older = Notice.objects.filter(subscriber=OuterRef("subscriber"), state=Notice.State.DUE, pk__lt=OuterRef("pk"))
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    found = Notice.objects.filter(free, ~Exists(older), state=Notice.State.DUE, due_at__lte=at, subscriber__kind=kind)
    return found.filter(subscriber=subscriber) if subscriber else found


def _claim(kind: str, at: datetime, subscriber: int | None = None) -> Notice | None:
    while (pk := _due(at, kind, subscriber).values_list("pk", flat=True).first()) is not None:
        if _due(at, kind).filter(pk=pk).update(leased_until=at + LEASE, attempts=F("attempts") + 1):
            # None if it was unsubscribed this very moment; then the next one.
            found = Notice.objects.filter(pk=pk).select_related("subscriber", "update__incident").first()
            if found is not None:
                return found
    return None


def _settle(notice: Notice, answer: Answer, at: datetime) -> None:
    fields: dict[str, object] = {"leased_until": None, "answer": clip(answer.text, 300)}
    age = (at - notice.owed_at).total_seconds()
    if answer.outcome == "accepted":
        fields |= {"state": Notice.State.SENT, "sent_at": at}
    elif answer.outcome == "refused" or given_up(notice.attempts, age):
        fields["state"] = Notice.State.DEAD
    else:
        luck = random.random()  # noqa: S311 (spreads the load, guards nothing)
        fields["due_at"] = at + timedelta(seconds=delay(notice.attempts, luck, answer.retry_after))
    Notice.objects.filter(pk=notice.pk, leased_until=notice.leased_until).update(**fields)
    if answer.outcome != "accepted":
        # Addresses of subscribers are nobody's business, not even the log's.
        log.warning("Notice %s to a subscriber: %s (%s)", notice.pk, answer.outcome, answer.text.split(":")[0])


def mail(notice: Notice) -> EmailMessage:
    """The mail of a notice: the request to confirm, or an update of an incident."""
    key = notice.subscriber.key
    link = settings.BASE_URL + reverse("subscription", args=[key])
    name = settings.STATUS_NAME
    headers = {"Auto-Submitted": "auto-generated", "Message-ID": _id(f"notice:{notice.pk}:{key}")}
    if notice.update is None:
        subject = f"{name}: please confirm your subscription"
        text = (
            f"Somebody, hopefully you, wants this address to hear of incidents of {name}.\n\n"
            f"Confirm it here within 24 hours:\n{link}\n\n"
            "If it was not you, do nothing: you will hear nothing more of this.\n"
        )
        return _message(subject, text, notice, headers)
    update, incident = notice.update, notice.update.incident
    headers |= {
        "References": _id(f"incident:{incident.key}"),
        "In-Reply-To": _id(f"incident:{incident.key}"),
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    concerned = ", ".join(item.title for item in incident.capabilities.all())
    about = f"Concerns: {concerned}\n" if concerned else ""
    text = (
        f"{incident.title}\n{update.state.capitalize()}, {update.at:%Y-%m-%d %H:%M} UTC\n{about}\n{update.text}\n\n"
        f"All that is known: {public_formats.address(str(incident.key), settings.BASE_URL)}\n\n"
        f"-- \nUnsubscribe: {link}\n"
    )
    return _message(f"{name}: {incident.title} ({update.state})", text, notice, headers)


def _message(subject: str, text: str, notice: Notice, headers: dict[str, str]) -> EmailMessage:
    return EmailMessage(clip(subject, 140), text, None, [notice.subscriber.address], headers=headers)


def _id(key: str) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@brownout>"


def _send_mail(notice: Notice, at: datetime) -> Answer:
    if not settings.EMAIL_HOST:
        return Answer("retry", "There is no mail server (EMAIL_HOST)")
    message = mail(notice)
    try:
        with get_connection() as server:
            message.connection = server
            message.send()
    except (OSError, smtplib.SMTPException) as error:
        return trouble(error)
    return Answer("accepted", "Handed to the mail server")


def payload(notice: Notice, at: datetime) -> bytes:
    """What a webhook is told: `page`, and `incident` with all its updates, as in `/api/v2/summary.json`."""
    public = selectors.public_status(at)
    key = str(notice.update.incident.key) if notice.update else ""
    incident = next((item for item in public.incidents if item.key == key), None)
    told = public_formats.incident_json(incident, public, settings.BASE_URL) if incident else None
    page = {
        "id": public_formats.PAGE,
        "status_indicator": public.indicator,
        "status_description": public_formats.description(public),
    }
    return json.dumps({"page": page, "incident": told}).encode()


def _post(notice: Notice, at: datetime) -> Answer:
    poster = Poster(notice.subscriber.address)
    try:
        name = hashlib.sha256(f"{notice.subscriber.key}:{notice.update_id}".encode()).hexdigest()[:40]
        body = payload(notice, at)
        signed = signature(notice.subscriber.signing_key, name, at, body)
        return poster.post_bytes(body, at, {"Idempotency-Key": name, **signed})
    finally:
        poster.close()


_SENDERS: dict[str, Callable[[Notice, datetime], Answer]] = {
    Subscriber.Kind.EMAIL: _send_mail,
    Subscriber.Kind.WEBHOOK: _post,
}

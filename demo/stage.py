"""Everything that must stand before the demo's processes start. Each step is quick when there is nothing to do."""

import fcntl
import hashlib
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from rich.progress import Progress

from degradation.services import automation
from demo import history, logins
from demo.environment import BASE_DIR
from demo.seed import seed
from slo.maths.windows import floor_to, from_epoch, to_epoch
from slo.models import Watermark
from slo.services.access import issue_token
from slo.services.catalog import apply_documents

CATALOG, PLACES = BASE_DIR / "demo" / "catalog", BASE_DIR / "demo" / "places"
WORLD, PROMETHEUS = "http://127.0.0.1:8001", "http://127.0.0.1:9090"
KEPT = {"secret_key", "lock"}


def clear(data: Path) -> None:
    """Start over: nothing stays of the demo's data but its key."""
    for entry in data.iterdir():
        if entry.name in KEPT:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def migrate() -> None:
    """Bring the database up to date."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def collect_static() -> None:
    """Gather what browsers load, if any of it has changed. Those that start together take turns."""
    root = Path(settings.STATIC_ROOT)
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_suffix(".stamp").open("a+") as stamp:
        fcntl.flock(stamp, fcntl.LOCK_EX)
        stamp.seek(0)
        present = _fingerprint()
        if stamp.read() != present or not (root / "staticfiles.json").exists():
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.truncate(0)
            stamp.write(present)


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(None):
            digest.update(f"{path} {storage.get_modified_time(path)}\n".encode())
    return digest.hexdigest()


def declare(data: Path, at: datetime, world: str, prometheus: str = "") -> None:
    """Apply the catalog, with the addresses at which the world and (if given) a Prometheus really are."""
    place = (PLACES / ("with-prometheus.yaml" if prometheus else "local.yaml")).read_text()
    file = data / "place.yaml"
    file.write_text(place.replace(WORLD, world).replace(PROMETHEUS, prometheus or PROMETHEUS))
    apply_documents([CATALOG, file], at)


def populate(at: datetime, tick: int, progress: Progress) -> datetime:
    """Make the logins, and the history if there is none. Returns the instant the scenario hangs on."""
    logins.create()
    if not automation.present().automatic:
        automation.switch(automatic=True, user=None, reason="The demo shows the loop at work", at=at)
    started = Watermark.objects.order_by("started").values_list("started", flat=True).first()
    if started is None:
        at = from_epoch(floor_to(to_epoch(at), tick))
        seed(at, progress)
        return at
    return from_epoch(started) + timedelta(seconds=history.LENGTH)


def token(at: datetime) -> str:
    """A fresh token for the world's flags and circuits; the one before is void."""
    return issue_token("demo world", "reporter", at)


def prometheus(data: Path, port: int, world: int) -> list[str]:
    """The command that runs a Prometheus on `port` which scrapes the world."""
    config = (
        (BASE_DIR / "demo" / "prometheus" / "local.yml").read_text().replace("127.0.0.1:8001", f"127.0.0.1:{world}")
    )
    (data / "prometheus.yml").write_text(config)
    return [
        "prometheus",
        f"--config.file={data / 'prometheus.yml'}",
        f"--storage.tsdb.path={data / 'prometheus'}",
        "--storage.tsdb.retention.time=2d",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]

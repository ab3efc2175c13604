"""The rules of the house: floors, sizes, pages without inline code, honest lock files, and a README that is true."""

import logging
import re
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command, get_commands
from importlinter.cli import lint_imports
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config.env import Env
from tests.screenshots import LARGEST, SHOTS, size

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("config", "slo", "alerts", "degradation", "dashboards", "demo")
README = ROOT / "README.md"
LONGEST = 400
LONGER: dict[str, str] = {}  # path → why it may be longer than LONGEST lines


def _files(pattern: str) -> list[Path]:
    folders = [*PACKAGES, "client", "bench", "tests"]
    return [path for folder in folders for path in sorted((ROOT / folder).rglob(pattern))]


def test_imports_keep_to_the_floors(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    known = [log for log in logging.root.manager.loggerDict.values() if isinstance(log, logging.Logger)]
    try:
        assert lint_imports(config_filename="pyproject.toml") == 0, capsys.readouterr().out
    finally:
        # It sets up logging for itself, which silences all others, also for the tests that listen to them.
        for log in known:
            log.disabled = False


@pytest.mark.django_db
def test_the_migrations_describe_the_models(capsys: pytest.CaptureFixture[str]) -> None:
    with suppress(SystemExit):
        call_command("makemigrations", check=True, dry_run=True)
        return
    pytest.fail(capsys.readouterr().out, pytrace=False)


def test_no_file_is_too_long_to_be_read_at_one_sitting() -> None:
    paths = [
        path for kind in ("*.py", "*.html", "*.css", "*.js") for path in _files(kind) if "migrations" not in path.parts
    ]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in paths}
    assert {name: length for name, length in lengths.items() if length > LONGEST and name not in LONGER} == {}


INLINE = {
    "a script without src": re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*\btype=\"application/json\")", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an htmx event attribute": re.compile(r"\shx-on\b", re.IGNORECASE),
}


@pytest.mark.parametrize("what", INLINE)
def test_templates_have_no_inline_code_that_the_policy_would_block(what: str) -> None:
    assert [str(path.relative_to(ROOT)) for path in _files("*.html") if INLINE[what].search(path.read_text())] == []


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
DEVELOPMENT = [Requirement(text) for text in PROJECT["dependency-groups"]["dev"]]


def _pins(name: str) -> dict[str, tuple[str, int]]:
    """Each pinned package of a lock file: its version and how many hashes it has."""
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
    pins: dict[str, tuple[str, int]] = {}
    for entry in entries:
        found = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", entry)
        assert found, f"{name} has a line that pins nothing: {entry.splitlines()[0]}"
        pins[canonicalize_name(found[1])] = (found[2], entry.count("--hash=sha256:"))
    return pins


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_lock_files_pin_by_hash_and_name_no_index(name: str) -> None:
    assert "://" not in (ROOT / name).read_text()
    assert [package for package, (_, hashes) in _pins(name).items() if not hashes] == []


@pytest.mark.parametrize(("name", "wanted"), [("requirements.txt", RUN), ("requirements-dev.txt", RUN + DEVELOPMENT)])
def test_lock_files_are_in_step_with_the_project(name: str, wanted: list[Requirement]) -> None:
    pins = _pins(name)
    stale = [str(need) for need in wanted if not _is_met(need, pins.get(canonicalize_name(need.name)))]
    assert stale == [], "make lock"


def _is_met(need: Requirement, pin: tuple[str, int] | None) -> bool:
    return pin is not None and need.specifier.contains(pin[0], prereleases=True)


def test_tests_run_on_the_versions_that_are_deployed() -> None:
    assert _pins("requirements.txt").items() <= _pins("requirements-dev.txt").items()


@pytest.fixture(scope="module")
def readme() -> str:
    """The README and what it leads to."""
    return "\n".join(path.read_text() for path in (README, *sorted((ROOT / "docs").glob("*.md"))))


def _default(value: object) -> str:
    if isinstance(value, bool):
        return f"`{int(value)}`"
    text = ",".join(value) if isinstance(value, tuple) else str(value).replace(f"{ROOT}/", "")
    return f"`{text}`" if text else "–"


def test_the_readme_lists_every_setting_as_it_is(readme: str) -> None:
    rows = [f"| `{name}` | {_default(f.default)} | {f.description} |" for name, f in Env.model_fields.items()]
    table = re.findall(r"^\| `[A-Z_]+` \|.*$", readme, re.MULTILINE)
    assert table == rows, "the settings table of README.md should be:\n" + "\n".join(rows)


def test_the_readme_shows_every_screenshot_and_none_is_heavy(readme: str) -> None:
    pictures = {path.name: path.read_bytes() for path in (ROOT / "docs").glob("*.png")}
    assert set(re.findall(r"!\[[^]]+\]\(docs/([\w-]+\.png)\)", readme)) == pictures.keys(), "make screenshots"
    assert {name: size(png) for name, png in pictures.items()} == {f"{s.name}.png": (s.width, s.height) for s in SHOTS}
    assert [name for name, png in pictures.items() if len(png) > LARGEST] == []


def test_the_readme_mentions_every_management_command(readme: str) -> None:
    own = sorted(name for name, app in get_commands().items() if app in PACKAGES)
    assert own
    assert [name for name in own if f"manage.py {name}" not in readme] == []


def test_the_readme_mentions_every_make_target(readme: str) -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets
    assert [name for name in targets if f"make {name}" not in readme] == []


def test_the_readme_mentions_every_family_of_paths(readme: str) -> None:
    from config.api import api

    families = {"/".join(path.split("/")[:4]) for path in api.get_openapi_schema()["paths"]}
    others = {"/ofrep/v1", "/metrics", "/health/live", "/health/ready", "/health/deep", "/api/v1/openapi.json"}
    assert [path for path in sorted(families | others) if path not in readme] == []


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_documentation_leads_nowhere_that_is_not_there() -> None:
    dead = []
    for path in (README, ROOT / "client" / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        prose = re.sub(r"`[^`\n]+`", "", path.read_text())
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", prose):
            name, _, anchor = target.partition("#")
            file = (path.parent / name) if name else path
            if not file.exists() or (anchor and anchor not in _anchors(file.read_text())):
                dead.append(f"{path.relative_to(ROOT)}: {target}")
    assert dead == []

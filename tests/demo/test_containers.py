"""The container files hold together: there is no engine here to try them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.env import Env

ROOT = Path(__file__).parents[2]
OWN = ("migrate", "web", "worker", "beat", "world", "catalog")
LONG_RUNNING = ("web", "worker", "beat", "postgres", "redis", "prometheus", "alertmanager")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def dockerfile() -> list[str]:
    return (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()


def test_all_parts_run_and_the_world_only_on_demand(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(LONG_RUNNING) <= {name for name, service in services.items() if "profiles" not in service}
    assert services["world"]["profiles"] == services["catalog"]["profiles"] == ["demo"]


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_every_long_running_service_has_a_health_check_and_restarts(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    # The one of web is in the Dockerfile.
    assert name == "web" or service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OWN)
def test_own_services_have_no_privileges(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", ["migrate", "web", "worker", "beat", "catalog"])
def test_every_setting_passed_on_is_known_and_none_is_forgotten(compose: dict[str, Any], name: str) -> None:
    stated = compose["services"][name]["environment"]
    # DEBUG is not for containers.
    assert set(stated) == set(Env.model_fields) - {"DEBUG"}


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for secret in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        assert re.findall(rf"\$\{{{secret}[^}}]*\}}", text)
        assert not re.findall(rf"\$\{{{secret}:-", text)


def test_defaults_are_accepted_settings(compose: dict[str, Any]) -> None:
    stated = compose["services"]["web"]["environment"]
    values = {name: re.sub(r"\$\{\w+(?::[-?]([^}]*))?\}", r"\1", str(value)) for name, value in stated.items()}
    Env(**{**values, "SECRET_KEY": "x" * 50})  # type: ignore[arg-type]


def test_what_is_mounted_exists(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith("./") else source in compose["volumes"]


def test_only_the_pages_are_published_and_to_this_machine_only(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_the_image_runs_as_nobody_in_particular_and_checks_its_health(dockerfile: list[str]) -> None:
    final = dockerfile[max(i for i, line in enumerate(dockerfile) if line.startswith("FROM")) :]
    users = [line.split()[1] for line in final if line.startswith("USER")]
    assert users
    assert users[-1] not in ("root", "0")
    assert any(line.startswith("HEALTHCHECK") for line in final)


def test_the_image_has_no_build_tools_and_no_secrets(dockerfile: list[str]) -> None:
    text = "\n".join(dockerfile)
    assert "apt-get" not in text
    assert "gcc" not in text
    assert not re.search(r"^(ENV|ARG).*(KEY|PASSWORD|TOKEN)", text, re.MULTILINE)
    assert text.count("FROM ") == 2


def test_everything_the_image_copies_is_let_through(dockerfile: list[str]) -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        source
        for line in dockerfile
        if line.startswith("COPY") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert copied == allowed
    assert all((ROOT / source).exists() for source in copied)


def test_the_example_names_only_settings_there_are() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    names = {line.split("=")[0] for line in lines if line and not line.startswith("#")}
    assert names <= {*Env.model_fields, "POSTGRES_PASSWORD"}

"""The demo brings every setting itself and leaves nothing to a `.env`."""

import stat
from pathlib import Path

from config.env import Env
from demo.environment import environment


def test_every_setting_is_stated(tmp_path: Path) -> None:
    assert set(Env.model_fields) <= set(environment(tmp_path, 8000))


def test_the_settings_are_accepted(tmp_path: Path) -> None:
    stated = Env(**{name: value for name, value in environment(tmp_path, 8123).items() if name in Env.model_fields})  # type: ignore[arg-type]
    assert stated.DEBUG is False
    assert stated.PUBLIC_READ is True
    assert str(stated.BASE_URL) == "http://127.0.0.1:8123/"


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first, second = environment(tmp_path, 8000), environment(tmp_path, 8001)
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert len(first["SECRET_KEY"]) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600

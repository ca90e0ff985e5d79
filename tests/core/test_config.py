"""Settings come from the environment, once, and a bad value says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import Settings, get_settings
from core.errors import InputError


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "WEIGHTS_DIR", "OFFLINE", "MAX_PIXELS", "MAX_FILE_BYTES"):
        monkeypatch.delenv(f"MEDSYN_{name}", raising=False)
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    settings = Settings.from_environment()
    assert settings.home.name == "medsynaudit"
    assert settings.torch_home == Path("/cache/torch")
    assert (settings.weights_dir, settings.offline) == (None, False)
    assert (settings.max_pixels, settings.max_file_bytes) == (80_000_000, 1_000_000_000)


def test_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSYN_HOME", "~/audits")
    monkeypatch.setenv("MEDSYN_WEIGHTS_DIR", "/weights")
    monkeypatch.setenv("MEDSYN_OFFLINE", "yes")
    monkeypatch.setenv("MEDSYN_MAX_PIXELS", "123")
    monkeypatch.setenv("TORCH_HOME", "/torch")
    settings = Settings.from_environment()
    assert settings.home == Path.home() / "audits"
    assert settings.weights_dir == Path("/weights")
    assert settings.torch_home == Path("/torch")
    assert settings.offline
    assert settings.max_pixels == 123


@pytest.mark.parametrize("value", ["many", "-1", "0", "1.5"])
def test_a_bad_number_names_the_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MEDSYN_MAX_PIXELS", value)
    with pytest.raises(InputError, match="MEDSYN_MAX_PIXELS must be a whole number"):
        Settings.from_environment()


def test_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    get_settings.cache_clear()
    first = get_settings()
    monkeypatch.setenv("MEDSYN_MAX_PIXELS", "77")
    assert get_settings() is first
    get_settings.cache_clear()
    assert get_settings().max_pixels == 77
    get_settings.cache_clear()

"""Settings come from the environment, once, and a bad value says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import DataRoot, Settings, get_settings
from core.errors import InputError


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HOME",
        "WEIGHTS_DIR",
        "OFFLINE",
        "MAX_PIXELS",
        "MAX_FILE_BYTES",
        "DATA_ROOTS",
        "DATABASE_URL",
        "MAX_JOBS",
        "ALLOW_REMOTE",
        "CHROMIUM",
    ):
        monkeypatch.delenv(f"MEDSYN_{name}", raising=False)
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    settings = Settings.from_environment()
    assert settings.home.name == "medsynaudit"
    assert settings.torch_home == Path("/cache/torch")
    assert (settings.weights_dir, settings.offline) == (None, False)
    assert (settings.max_pixels, settings.max_file_bytes) == (80_000_000, 1_000_000_000)
    assert settings.data_roots == (
        DataRoot("data", settings.home / "data"),
        DataRoot("demo", settings.home / "demo" / "study"),
        DataRoot("generated", settings.home / "generated"),
    )
    assert (settings.database_url, settings.max_jobs, settings.allow_remote) == (None, 1, False)
    assert settings.chromium is None
    assert settings.confined_to == ()


def test_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSYN_HOME", "~/audits")
    monkeypatch.setenv("MEDSYN_WEIGHTS_DIR", "/weights")
    monkeypatch.setenv("MEDSYN_OFFLINE", "yes")
    monkeypatch.setenv("MEDSYN_MAX_PIXELS", "123")
    monkeypatch.setenv("TORCH_HOME", "/torch")
    monkeypatch.setenv("MEDSYN_DATABASE_URL", "postgresql+pg8000://audit@localhost/audit")
    monkeypatch.setenv("MEDSYN_MAX_JOBS", "3")
    monkeypatch.setenv("MEDSYN_ALLOW_REMOTE", "1")
    settings = Settings.from_environment()
    assert settings.database_url == "postgresql+pg8000://audit@localhost/audit"
    assert (settings.max_jobs, settings.allow_remote) == (3, True)
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


def test_data_roots_are_named_or_named_after_their_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSYN_DATA_ROOTS", "/mnt/x-rays:Pathology lab=/mnt/a=b/slides")
    roots = Settings.from_environment().data_roots
    assert roots[:-2] == (
        DataRoot("x-rays", Path("/mnt/x-rays")),
        DataRoot("Pathology lab", Path("/mnt/a=b/slides")),
    )
    assert [one.name for one in roots[-2:]] == ["demo", "generated"]
    monkeypatch.setenv("MEDSYN_DATA_ROOTS", "/mnt/a=b/slides")
    assert Settings.from_environment().data_roots[0] == DataRoot("slides", Path("/mnt/a=b/slides"))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("images", "absolute folders"),
        ("X=images", "absolute folders"),
        ("demo=/mnt/images", "another name"),
        ("generated=/mnt/images", "another name"),
        ("/mnt/a/images:/mnt/b/images", "two folders 'images'"),
        ("<b>=/mnt/images", "another name"),
    ],
)
def test_bad_data_roots_are_refused(monkeypatch: pytest.MonkeyPatch, value: str, reason: str) -> None:
    monkeypatch.setenv("MEDSYN_DATA_ROOTS", value)
    with pytest.raises(InputError, match=reason) as error:
        Settings.from_environment()
    assert "MEDSYN_DATA_ROOTS" in str(error.value)

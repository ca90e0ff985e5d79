"""The demo, written and audited once for all tests of the library."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from core.audit.demo import audit_demo, prepare_demo
from core.audit.result import AuditResult
from core.config import Settings
from core.datasets.phantoms import DemoStudy
from tests.core.audit.planted import PlantedAudit, make_planted_audit


@pytest.fixture(scope="session")
def demo_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a workspace that all demo tests share; offline and without weights."""
    home = tmp_path_factory.mktemp("workspace")
    return dataclasses.replace(
        Settings.from_environment(), home=home, weights_dir=None, torch_home=home / "torch", offline=True
    )


@pytest.fixture(scope="session")
def demo_study(demo_settings: Settings) -> DemoStudy:
    """The demo's images."""
    return prepare_demo(settings=demo_settings)


@pytest.fixture(scope="session")
def demo_result(demo_settings: Settings, demo_study: DemoStudy) -> AuditResult:
    """The demo's audit."""
    return audit_demo(settings=demo_settings)


@pytest.fixture
def demo_truth(demo_study: DemoStudy) -> Path:
    """Which fault each synthetic item carries."""
    return demo_study.truth


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> PlantedAudit:
    """A small audit whose names must not travel; to be looked at, not changed."""
    return make_planted_audit(tmp_path_factory.mktemp("planted"))

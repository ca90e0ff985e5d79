"""The import rule of the house, read from the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "core"

# A module may import from its own level's packages below it, never above. Siblings on one level do not import
# each other, except where a pair is named in ALLOWED_SIBLINGS.
LEVELS = (
    (
        "errors",
        "config",
        "confinement",
        "csv_text",
        "output_folder",
        "progress",
        "registry",
        "shards",
        "torch_setup",
        "validation",
        "workspace_key",
    ),
    ("images",),
    ("datasets", "metrics"),
    ("copies", "features", "db", "plots"),
    ("generators", "utility", "rating"),
    ("bias",),
    ("audit",),
    ("maps", "recipes", "report"),
    ("review", "fidelity_utility", "crop_experiment"),
    ("jobs",),
    ("commands",),
    ("cli", "__main__"),
)
LEVEL_OF = {name: level for level, names in enumerate(LEVELS) for name in names}
# Foundations build on each other.
ALLOWED_SIBLINGS = {
    ("shards", "errors"),
    ("registry", "errors"),
    ("config", "errors"),
    ("confinement", "errors"),
    ("workspace_key", "errors"),
    ("output_folder", "errors"),
    ("validation", "errors"),
    ("__main__", "cli"),
}
# Third-party packages that only some places may import.
ONLY_IN = {
    "streamlit": (),
    "sqlalchemy": ("db",),
    "alembic": ("db",),
    "typer": ("commands", "cli"),
    "click": ("cli",),
}
FORBIDDEN_IN = {
    "metrics": {"torch", "torchvision", "timm", "pathlib", "os", "shutil", "tempfile", "requests", "urllib"},
    "plots": {"torch", "torchvision", "timm", "pathlib", "os", "shutil", "tempfile", "requests", "urllib"},
}
NEEDS_SETUP = {"torch", "torchvision", "timm"}


def core_files() -> list[Path]:
    return sorted(CORE.rglob("*.py"))


def place(path: Path) -> str:
    """Package (or top-level module) of core that a file belongs to."""
    first = path.relative_to(CORE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> list[tuple[int, str]]:
    """Every module that a file imports, wherever in it, with line numbers in order."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a name comes from"
            assert node.module is not None
            found.append((node.lineno, node.module))
            if node.module == "core":
                found += [(node.lineno, f"core.{alias.name}") for alias in node.names]
    return sorted(found)


@pytest.mark.parametrize("path", core_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_core_imports_downwards_only(path: Path) -> None:
    own = place(path)
    if own == "__init__":
        assert imports(path) == []
        return
    for line, module in imports(path):
        parts = module.split(".")
        if parts[0] != "core" or len(parts) < 2 or parts[1] == "__version__":
            continue
        other = parts[1]
        if other == own:
            continue
        where = f"{path.relative_to(ROOT)}:{line} imports core.{other}"
        assert other in LEVEL_OF, f"{where}, which has no place in LEVELS"
        allowed = LEVEL_OF[other] < LEVEL_OF[own] or (own, other) in ALLOWED_SIBLINGS
        assert allowed, f"{where}, which stands on the same level or above"


@pytest.mark.parametrize("path", core_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_third_party_packages_stay_in_their_rooms(path: Path) -> None:
    own = place(path)
    for line, module in imports(path):
        top = module.split(".")[0]
        where = f"{path.relative_to(ROOT)}:{line} imports {top}"
        if top in ONLY_IN:
            assert own in ONLY_IN[top], where
        assert top not in FORBIDDEN_IN.get(own, set()), where


@pytest.mark.parametrize("path", core_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_private_modules_stay_in_their_package(path: Path) -> None:
    for line, module in imports(path):
        parts = module.split(".")
        if parts[0] == "core" and any(part.startswith("_") for part in parts[1:] if part != "__version__"):
            assert parts[1] == place(path), f"{path.relative_to(ROOT)}:{line} imports {module}"


@pytest.mark.parametrize("path", core_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_torch_is_set_up_before_it_is_used(path: Path) -> None:
    own = imports(path)
    used = [line for line, module in own if module.split(".")[0] in NEEDS_SETUP]
    if not used or path.name == "torch_setup.py":
        return
    setup = [line for line, module in own if module == "core.torch_setup"]
    assert setup, f"{path.relative_to(ROOT)} uses torch without importing core.torch_setup"
    assert min(setup) < min(used), f"{path.relative_to(ROOT)} imports torch before core.torch_setup"


def test_packages_of_core_have_a_place() -> None:
    packages = {place(path) for path in core_files()} - {"__init__"}
    assert packages <= set(LEVEL_OF)


@pytest.mark.parametrize(
    "module",
    ["core", "core.cli", "core.datasets.study", "core.audit.protocol", "core.audit.result", "core.plots"],
)
def test_light_imports_stay_light(module: str) -> None:
    code = f"import {module}, sys; print([m for m in ('torch', 'umap', 'sklearn', 'streamlit') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_the_first_pages_ask_for_loads_no_tables_and_no_statistics() -> None:
    heavy = ("pandas", "scipy", "plotly", "pyarrow.compute", "PIL.Image", "torch")
    code = (
        f"import core.jobs.submission, core.jobs.kinds, sys; print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


PAGES = sorted(path for path in (ROOT / "pages").rglob("*.py"))


def test_pages_load_nothing_heavy() -> None:
    """The first page appears before any of these would have loaded."""
    modules = {
        module for path in PAGES for _, module in imports(path) if module.split(".")[0] in ("core", "pages")
    }
    code = (
        f"import importlib, sys\nfor name in {sorted(modules)!r}:\n"
        "    try: importlib.import_module(name)\n"
        "    except ModuleNotFoundError as error: assert error.name == name, error\n"
        "print([m for m in ('torch', 'torchvision', 'timm', 'umap', 'sklearn', 'numba') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_are_thin(path: Path) -> None:
    tops = {module.split(".")[0] for _, module in imports(path)}
    assert not tops & {
        "torch",
        "torchvision",
        "timm",
        "umap",
        "sklearn",
        "numpy",
        "scipy",
        "sqlalchemy",
        "alembic",
    }
    if path.parent.name != "_shared":
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 125


def test_streamlit_stays_in_the_dashboard() -> None:
    users = {
        path for path in ROOT.rglob("*.py") if "streamlit" in {m.split(".")[0] for _, m in imports(path)}
    }
    for path in users:
        assert path.relative_to(ROOT).parts[0] in ("app.py", "pages", "tests"), path


def test_top_level_is_the_agreed_one() -> None:
    agreed = {
        "app.py", "pages", "core", "assets", "tests", "requirements.txt", ".streamlit", "README.md",
        "pyproject.toml", "LICENSE", ".gitignore", ".ci",
    }  # fmt: skip
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(
            "not a git checkout, so what belongs to the project cannot be told from what lies beside it"
        )
    assert {name.split("/")[0] for name in listed.stdout.splitlines()} <= agreed

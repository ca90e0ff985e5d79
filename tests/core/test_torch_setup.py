"""core.torch_setup in fresh processes, beside the installed torchvision and beside stand-ins for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# As torchvision does when imported, annotate operators that compiled code should have declared.
NEEDS_OPERATORS = """
import torch
torch.library.register_fake("torchvision::nms")(lambda *inputs: None)
torch.library.register_fake("torchvision::qnms")(lambda *inputs: None)
"""
FAILS_OTHERWISE = "raise RuntimeError('a broken install')\n"


def run(code: str, *, torchvision: str | None = None, folder: Path) -> subprocess.CompletedProcess[str]:
    path = [str(ROOT)]
    if torchvision is not None:
        (folder / "torchvision").mkdir()
        (folder / "torchvision" / "__init__.py").write_text(torchvision)
        (folder / "torchvision" / "models.py").write_text("")
        path.insert(0, str(folder))
    # With the folders in front, the stand-in is found before the installed torchvision.
    script = f"import sys; sys.path[:0] = {path!r}\n{code}"
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
        check=False,
    )


def test_installed_torchvision_can_be_used(tmp_path: Path) -> None:
    result = run(
        "import core.torch_setup\n"
        "import torch, torchvision\n"
        "net = torchvision.models.resnet18(weights=None).eval()\n"
        "print(tuple(net(torch.zeros(1, 3, 64, 64)).shape))\n",
        folder=tmp_path,
    )
    assert result.stdout == "(1, 1000)\n", result.stderr


def test_missing_schemas_are_declared(tmp_path: Path) -> None:
    result = run(
        "from core.torch_setup import MISSING_SCHEMAS\nimport torchvision.models\nprint(*MISSING_SCHEMAS)\n",
        torchvision=NEEDS_OPERATORS,
        folder=tmp_path,
    )
    assert result.stdout == "nms qnms\n", result.stderr


def test_only_the_missing_schema_is_declared(tmp_path: Path) -> None:
    declare_nms = (
        "import torch\n"
        "library = torch.library.Library('torchvision', 'FRAGMENT')\n"
        "library.define('nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')\n"
    )
    result = run(
        f"{declare_nms}from core.torch_setup import MISSING_SCHEMAS\nprint(*MISSING_SCHEMAS)\n",
        torchvision=NEEDS_OPERATORS,
        folder=tmp_path,
    )
    assert result.stdout == "qnms\n", result.stderr


def test_a_matched_install_is_untouched(tmp_path: Path) -> None:
    result = run(
        "from core.torch_setup import MISSING_SCHEMAS\n"
        "import torch\n"
        "print(MISSING_SCHEMAS, hasattr(torch.ops.torchvision, 'nms'))\n",
        torchvision="",
        folder=tmp_path,
    )
    assert result.stdout == "() False\n", result.stderr


@pytest.mark.parametrize("torchvision", [FAILS_OTHERWISE, "import a_module_that_is_not_there\n"])
def test_other_failures_are_shown(tmp_path: Path, torchvision: str) -> None:
    result = run("import core.torch_setup\n", torchvision=torchvision, folder=tmp_path)
    assert result.returncode != 0
    assert "a broken install" in result.stderr or "a_module_that_is_not_there" in result.stderr

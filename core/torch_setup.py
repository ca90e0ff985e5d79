"""Makes torch ready to use; every module that uses torch imports this one first.

torchvision's compiled operators are built for one torch build. Where the two do not match (a CPU torch beside
a CUDA torchvision), `import torchvision` fails because its Python code annotates operators that were never
declared. Models and transforms use none of them, so the missing schemas are declared, and only those: with a
matched install torchvision declares them itself, and this module changes nothing.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import torch

__all__ = ["MISSING_SCHEMAS"]

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def _import_torchvision() -> bool:
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        # A failed import leaves half-initialised modules behind that the next import would reuse.
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        return False
    return True


def _declare_missing() -> tuple[torch.library.Library | None, tuple[str, ...]]:
    if _import_torchvision():
        return None, ()
    make_library: Any = torch.library.Library  # has no annotations
    library = make_library("torchvision", "FRAGMENT")
    missing = tuple(name for name in _SCHEMAS if not hasattr(torch.ops.torchvision, name))
    for name in missing:
        library.define(_SCHEMAS[name])
    importlib.import_module("torchvision")
    return library, missing


# The library object must live as long as the process: its schemas go when it is collected.
_LIBRARY, MISSING_SCHEMAS = _declare_missing()

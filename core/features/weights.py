"""Finds weight files, downloads the ones that may be, and reads them without running what they contain."""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import safetensors.torch
import torch
from torch import nn

from core.config import Settings
from core.errors import WeightsError
from core.progress import Progress, SilentProgress

__all__ = [
    "StateDict",
    "find_weights",
    "fit_state_dict",
    "hash_file",
    "hash_state_dict",
    "load_state_dict",
]

StateDict = dict[str, torch.Tensor]

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 10.0


def find_weights(
    file_name: str,
    *,
    url: str,
    sha256: str,
    given: Path | None,
    option: str = "--weights",
    settings: Settings,
    progress: Progress | None = None,
) -> Path:
    """Find a weight file: the path given, `MEDSYN_WEIGHTS_DIR`, torch's cache, then a download into it.

    What a user puts in the first two places is taken as it is. A file in torch's cache is nobody's choice, so
    one whose hash is wrong counts as damaged and is downloaded again.

    Args:
        file_name: name of the file in the places that are searched.
        url: where it is published.
        sha256: hash of the published file.
        given: the file that the user named; searched nowhere else when set.
        option: where users name it, for the message.
        settings: the two folders, and whether downloads are allowed.
        progress: told about a download in bytes, and about a damaged file.

    Raises:
        WeightsError: if it is in none of the four places; the message names them all.
        CancelledError: if progress says so; nothing half-written stays behind.
    """
    progress = progress or SilentProgress()
    if given is not None:
        if not _is_file(given):
            raise WeightsError(f"The weight file {given} does not exist.")
        return given
    cached = settings.torch_home / "hub" / "checkpoints" / file_name
    in_folder = "MEDSYN_WEIGHTS_DIR is not set"
    if settings.weights_dir is not None:
        if _is_file(settings.weights_dir / file_name):
            return settings.weights_dir / file_name
        in_folder = f"MEDSYN_WEIGHTS_DIR ({settings.weights_dir}) does not hold it"
    in_cache = f"torch's cache ({cached.parent}) does not hold it"
    if _is_file(cached):
        if hash_file(cached) == sha256:
            return cached
        in_cache = f"the copy in torch's cache ({cached}) is damaged"
        progress.notice(f"{cached} is damaged: its SHA-256 is not that of the published file.")
    if settings.offline:
        download = "is switched off (MEDSYN_OFFLINE)"
    else:
        try:
            _download(url, cached, sha256=sha256, progress=progress)
        except (OSError, http.client.HTTPException, _DownloadError) as error:
            reason = getattr(error, "reason", None) or error
            download = f"failed ({reason})"
        else:
            return cached
    raise WeightsError(
        f"The weights {file_name} were not found: no path was given ({option}), {in_folder}, {in_cache}, "
        f"and the download from {url} {download}."
    )


def _is_file(path: Path) -> bool:
    """Whether a file is there; unlike Path.is_file, no for a place that may not be looked at."""
    return os.path.isfile(path)  # noqa: PTH113


class _DownloadError(Exception):
    """What arrived is not what was published."""


def _download(url: str, target: Path, *, sha256: str, progress: Progress) -> None:
    """Stream to a temporary file beside the target, which appears only when whole and of the right hash."""
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"not a web address: {url}")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        response = urllib.request.urlopen(url, timeout=_TIMEOUT_S)  # noqa: S310  # the scheme is checked
    except urllib.error.HTTPError as error:
        error.close()
        raise _DownloadError(f"the server answered {error.code}") from None
    with response:
        n_bytes = int(response.headers.get("Content-Length") or 0)
        progress.start(f"Downloading {target.name}", n_bytes, unit="bytes")
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.", suffix=".partial")
        partial = Path(name)
        try:
            digest = hashlib.sha256()
            received = 0
            with os.fdopen(handle, "wb") as file:
                while chunk := response.read(_CHUNK_BYTES):
                    file.write(chunk)
                    digest.update(chunk)
                    received += len(chunk)
                    progress.advance(len(chunk))
            if received < n_bytes:
                raise _DownloadError(f"it broke off after {received:,} of {n_bytes:,} bytes")
            if digest.hexdigest() != sha256:
                raise _DownloadError("what arrived is not the published file: its SHA-256 differs")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_state_dict(state: StateDict) -> str:
    """SHA-256 of tensors with their names, types and shapes, whatever order or file they came in."""
    digest = hashlib.sha256()
    for key in sorted(state):
        tensor = state[key].detach().cpu().contiguous()
        digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def load_state_dict(path: Path) -> StateDict:
    """Read tensors from a .safetensors file or a .pth/.pt file, running nothing that the file contains.

    A dictionary nested under `state_dict` or `model`, as training scripts save it, is unwrapped.

    Raises:
        WeightsError: if the file is damaged, is of another kind, or holds more than tensors by name.
    """
    try:
        if path.suffix == ".safetensors":
            content: object = safetensors.torch.load_file(path)
        else:
            # Only torch's archive format can be mapped; files from before 2020 are plain pickles.
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except FileNotFoundError:
        raise WeightsError(f"The weight file {path} does not exist.") from None
    except Exception as error:  # a parser fed with a damaged or hostile file may raise anything
        kind = "safetensors" if path.suffix == ".safetensors" else "PyTorch"
        raise WeightsError(
            f"The weight file {path} cannot be read as {kind} weights: it is damaged, of another kind, "
            "or holds more than tensors."
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not content:
        raise WeightsError(f"The weight file {path} holds no dictionary of tensors.")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise WeightsError(f"The weight file {path} holds more than tensors by name; save a state dict.")
    return dict(content)


def fit_state_dict(network: nn.Module, state: StateDict, *, name: str, spare: tuple[str, ...] = ()) -> None:
    """Copy weights into a network after checking that they are that network's, key by key.

    Args:
        network: takes the values; its own types are kept.
        state: tensors by name. Counters of training steps that batch norms keep may be absent.
        name: what messages call the network.
        spare: modules that the file may hold and the network may lack, such as its classifier.

    Raises:
        WeightsError: naming the first tensor that is missing, of another shape, unknown or not finite.
    """
    expected: StateDict = network.state_dict()
    present = {
        key: value for key, value in state.items() if not key.startswith(tuple(f"{m}." for m in spare))
    }
    for key, value in expected.items():
        if key.endswith(".num_batches_tracked"):
            continue
        if key not in state:
            raise WeightsError(f"The weights are not of the layout of {name}: {key} is missing.")
        if state[key].shape != value.shape:
            shapes = f"{tuple(state[key].shape)} instead of {tuple(value.shape)}"
            raise WeightsError(f"The weights are not of the layout of {name}: {key} is {shapes}.")
        if not torch.isfinite(state[key]).all():
            raise WeightsError(f"The weights are damaged: {key} holds values that are not finite.")
        present[key] = state[key]
    for key in present:
        if key not in expected:
            raise WeightsError(f"The weights are not of the layout of {name}: {key} is not part of it.")
    network.load_state_dict(present, strict=False)

"""Weight files: where they are found, how they are downloaded, and what is refused."""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from core.config import Settings
from core.errors import CancelledError, WeightsError
from core.features.weights import (
    find_weights,
    fit_state_dict,
    hash_file,
    hash_state_dict,
    load_state_dict,
)

NAME = "net.pth"
CONTENT = bytes(range(256)) * 10_000  # more than one chunk
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Recorder:
    """A progress that remembers what it was told, and may cancel."""

    def __init__(self, cancel_after: int | None = None) -> None:
        self.stages: list[tuple[str, int, str]] = []
        self.steps = 0
        self.notices: list[str] = []
        self.cancel_after = cancel_after

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        self.stages.append((stage, total, unit))

    def advance(self, steps: int = 1) -> None:
        self.steps += steps
        if self.cancel_after is not None and self.steps >= self.cancel_after:
            raise CancelledError("stop")

    def notice(self, message: str) -> None:
        self.notices.append(message)


class Server(HTTPServer):
    requests: list[str]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.requests.append(self.path)
        if self.path == "/missing":
            self.send_error(404)
            return
        body = CONTENT[:-1] + b"?" if self.path == "/wrong" else CONTENT
        self.send_response(200)
        if self.path != "/unknown-length":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path == "/interrupted" else body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server(("127.0.0.1", 0), Handler) as running:
        running.requests = []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def settings(tmp_path: Path, *, offline: bool = True, folder: bool = False) -> Settings:
    weights_dir = tmp_path / "weights" if folder else None
    if weights_dir is not None:
        weights_dir.mkdir(exist_ok=True)
    return Settings(
        home=tmp_path / "home",
        weights_dir=weights_dir,
        torch_home=tmp_path / "torch",
        offline=offline,
        max_pixels=1,
        max_file_bytes=1,
    )


def cache_of(tmp_path: Path) -> Path:
    return tmp_path / "torch" / "hub" / "checkpoints" / NAME


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def address(server: Server, page: str) -> str:
    return f"http://127.0.0.1:{server.server_port}/{page}"


def find(where: Settings, *, url: str = "http://127.0.0.1:9/never", **choices: object) -> Path:
    return find_weights(NAME, url=url, sha256=SHA256, settings=where, **{"given": None, **choices})


class TestSearch:
    def test_the_given_file_comes_first_whatever_it_holds(self, tmp_path: Path) -> None:
        given = put(tmp_path / "mine.pth", b"other weights")
        put(tmp_path / "weights" / NAME)
        put(cache_of(tmp_path))
        assert find(settings(tmp_path, folder=True), given=given) == given

    def test_a_given_file_that_is_not_there_is_not_replaced_by_another(self, tmp_path: Path) -> None:
        put(cache_of(tmp_path))
        with pytest.raises(WeightsError, match=r"mine\.pth does not exist"):
            find(settings(tmp_path), given=tmp_path / "mine.pth")

    def test_the_weights_folder_comes_before_the_cache(self, tmp_path: Path) -> None:
        inside = put(tmp_path / "weights" / NAME, b"other weights")
        put(cache_of(tmp_path))
        assert find(settings(tmp_path, folder=True)) == inside

    def test_the_cache_comes_before_a_download(self, tmp_path: Path, server: Server) -> None:
        cached = put(cache_of(tmp_path))
        found = find(settings(tmp_path, offline=False, folder=True), url=address(server, "good"))
        assert found == cached
        assert server.requests == []

    def test_a_damaged_cached_file_is_told_and_downloaded_again(self, tmp_path: Path, server: Server) -> None:
        cached = put(cache_of(tmp_path), CONTENT[:100])
        progress = Recorder()
        where = settings(tmp_path, offline=False)
        assert find(where, url=address(server, "good"), progress=progress) == cached
        assert cached.read_bytes() == CONTENT
        assert "damaged" in progress.notices[0]

    def test_a_damaged_cached_file_is_not_used_offline(self, tmp_path: Path) -> None:
        put(cache_of(tmp_path), CONTENT[:100])
        with pytest.raises(WeightsError, match="is damaged"):
            find(settings(tmp_path))

    def test_the_error_names_all_four_places(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError) as caught:
            find(settings(tmp_path, folder=True))
        message = str(caught.value)
        for place in (
            "--weights",
            "MEDSYN_WEIGHTS_DIR",
            str(tmp_path / "weights"),
            "http://127.0.0.1:9/never",
        ):
            assert place in message
        assert str(cache_of(tmp_path).parent) in message
        assert "MEDSYN_OFFLINE" in message
        assert "\n" not in message


class TestDownload:
    @pytest.mark.parametrize("page", ["good", "unknown-length"])
    def test_lands_in_torchs_cache(self, tmp_path: Path, server: Server, page: str) -> None:
        progress = Recorder()
        found = find(settings(tmp_path, offline=False), url=address(server, page), progress=progress)
        assert found == cache_of(tmp_path)
        assert found.read_bytes() == CONTENT
        assert [path.name for path in found.parent.iterdir()] == [NAME]
        total = len(CONTENT) if page == "good" else 0
        assert progress.stages == [(f"Downloading {NAME}", total, "bytes")]
        assert progress.steps == len(CONTENT)

    @pytest.mark.parametrize(
        ("page", "reason"),
        [("wrong", "SHA-256"), ("interrupted", "broke off"), ("missing", "answered 404")],
    )
    def test_failures_leave_nothing_behind(
        self, tmp_path: Path, server: Server, page: str, reason: str
    ) -> None:
        with pytest.raises(WeightsError, match=reason) as caught:
            find(settings(tmp_path, offline=False), url=address(server, page))
        assert "MEDSYN_WEIGHTS_DIR is not set" in str(caught.value)
        assert list(cache_of(tmp_path).parent.iterdir()) == []

    def test_a_host_that_does_not_answer(self, tmp_path: Path, server: Server) -> None:
        url = address(server, "good")
        server.shutdown()
        server.server_close()
        with pytest.raises(WeightsError, match=r"download from .* failed"):
            find(settings(tmp_path, offline=False), url=url)

    def test_a_cache_that_cannot_be_written(self, tmp_path: Path, server: Server) -> None:
        put(tmp_path / "torch")
        with pytest.raises(WeightsError, match="failed"):
            find(settings(tmp_path, offline=False), url=address(server, "good"))

    def test_offline_asks_nobody(self, tmp_path: Path, server: Server) -> None:
        with pytest.raises(WeightsError, match="MEDSYN_OFFLINE"):
            find(settings(tmp_path), url=address(server, "good"))
        assert server.requests == []

    def test_cancelling_leaves_nothing_behind(self, tmp_path: Path, server: Server) -> None:
        where = settings(tmp_path, offline=False)
        with pytest.raises(CancelledError):
            find(where, url=address(server, "good"), progress=Recorder(cancel_after=1))
        assert list(cache_of(tmp_path).parent.iterdir()) == []

    def test_only_the_web_is_asked(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="not a web address"):
            find(settings(tmp_path, offline=False), url=put(tmp_path / "secret").as_uri())


def tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {"a.weight": torch.randn(3, 4, generator=generator), "b": torch.arange(5), "c": torch.tensor(2.5)}


def assert_same(state: dict[str, torch.Tensor]) -> None:
    expected = tensors()
    assert state.keys() == expected.keys()
    for key, value in expected.items():
        assert torch.equal(state[key], value)


class RunsCode:
    """Unpickled by a naive reader, this would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


class TestLoading:
    @pytest.mark.parametrize("archive", [True, False])
    @pytest.mark.parametrize("wrap", [None, "state_dict", "model"])
    def test_pth(self, tmp_path: Path, archive: bool, wrap: str | None) -> None:
        content = tensors() if wrap is None else {wrap: tensors(), "epoch": 3}
        torch.save(content, tmp_path / NAME, _use_new_zipfile_serialization=archive)
        assert_same(load_state_dict(tmp_path / NAME))

    def test_safetensors(self, tmp_path: Path) -> None:
        safetensors.torch.save_file(tensors(), tmp_path / "net.safetensors")
        assert_same(load_state_dict(tmp_path / "net.safetensors"))

    @pytest.mark.parametrize("wrap", [False, True])
    def test_nothing_in_a_file_is_run(self, tmp_path: Path, wrap: bool) -> None:
        trace = tmp_path / "trace"
        if wrap:
            torch.save({"a": RunsCode(trace)}, tmp_path / NAME)
        else:
            (tmp_path / NAME).write_bytes(pickle.dumps(RunsCode(trace)))
        with pytest.raises(WeightsError, match=NAME):
            load_state_dict(tmp_path / NAME)
        assert not trace.exists()

    @pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
    @pytest.mark.parametrize("kept", [0, 1, 10, 200, -20])
    def test_cut_files(self, tmp_path: Path, suffix: str, kept: int) -> None:
        whole = tmp_path / f"whole{suffix}"
        save = torch.save if suffix == ".pth" else safetensors.torch.save_file
        save(tensors(), whole)
        cut = put(tmp_path / f"cut{suffix}", whole.read_bytes()[:kept])
        with pytest.raises(WeightsError, match="cannot be read"):
            load_state_dict(cut)

    @given(content=st.binary(max_size=300), suffix=st.sampled_from([".pth", ".pt", ".safetensors"]))
    def test_noise(self, tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str) -> None:
        with pytest.raises(WeightsError):
            load_state_dict(put(tmp_path_factory.getbasetemp() / f"noise{suffix}", content))

    @pytest.mark.parametrize("content", [[1, 2], {}, {"a": 1}, {1: torch.zeros(1)}, torch.zeros(3)])
    def test_other_content(self, tmp_path: Path, content: object) -> None:
        torch.save(content, tmp_path / NAME)
        with pytest.raises(WeightsError, match="tensors"):
            load_state_dict(tmp_path / NAME)

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match="does not exist"):
            load_state_dict(tmp_path / NAME)


class TestHashes:
    def test_file(self, tmp_path: Path) -> None:
        assert hash_file(put(tmp_path / NAME)) == SHA256

    def test_order_and_file_do_not_matter(self, tmp_path: Path) -> None:
        backwards = dict(reversed(tensors().items()))
        torch.save(backwards, tmp_path / NAME)
        assert hash_state_dict(load_state_dict(tmp_path / NAME)) == hash_state_dict(tensors())
        strided = {**tensors(), "a.weight": tensors()["a.weight"].T.contiguous().T}
        assert hash_state_dict(strided) == hash_state_dict(tensors())

    @pytest.mark.parametrize(
        "change",
        [
            {"b": torch.tensor([0, 1, 2, 3, 5])},
            {"b": torch.arange(5).reshape(5, 1)},
            {"b": torch.arange(5, dtype=torch.float64)},
            {"d": torch.zeros(1)},
            {"c": torch.tensor(2.5, dtype=torch.bfloat16)},
        ],
    )
    def test_everything_else_does(self, change: dict[str, torch.Tensor]) -> None:
        assert hash_state_dict({**tensors(), **change}) != hash_state_dict(tensors())


class TestFitting:
    @staticmethod
    def network() -> nn.Sequential:
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))

    def test_copies_values(self) -> None:
        source, target = self.network(), self.network()
        nn.init.normal_(source[0].weight)
        fit_state_dict(target, dict(source.state_dict()), name="net")
        assert torch.equal(target[0].weight, source[0].weight)

    def test_counters_may_be_absent_and_a_classifier_present(self) -> None:
        state = dict(self.network().state_dict())
        del state["1.num_batches_tracked"]
        state["head.fc.weight"] = torch.zeros(2)
        fit_state_dict(self.network(), state, name="net", spare=("head.fc",))

    @pytest.mark.parametrize(
        ("key", "value", "message"),
        [
            ("0.weight", None, "layout of net: 0.weight is missing"),
            ("0.weight", torch.zeros(4, 3, 1, 1), r"0.weight is \(4, 3, 1, 1\) instead of \(4, 3, 3, 3\)"),
            ("1.running_var", torch.full((4,), np.nan), "damaged: 1.running_var holds values that are not"),
            ("0.bias", torch.full((4,), np.inf), "damaged: 0.bias"),
            ("header.weight", torch.zeros(1), "header.weight is not part of it"),
        ],
    )
    def test_refuses(self, key: str, value: torch.Tensor | None, message: str) -> None:
        network = self.network()
        before = network[0].weight.clone()
        state = {k: v for k, v in self.network().state_dict().items() if k != key}
        if value is not None:
            state[key] = value
        with pytest.raises(WeightsError, match=message):
            fit_state_dict(network, state, name="net", spare=("head",))
        assert torch.equal(network[0].weight, before)

"""The images of a session: one form, one size in bytes, nothing that tells where they come from."""

from __future__ import annotations

import dataclasses
import io
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.config import get_settings
from core.db.database import Database, open_database
from core.db.rating_record import RatingSessionRecord
from core.db.rating_sessions import load_rating_session
from core.errors import CancelledError, InputError, StoreError, UnknownNameError
from core.images.reading import decode_image
from core.progress import SilentProgress
from core.rating.image_look import ImageLook, look_at
from core.rating.mask import make_mask
from core.rating.session_folder import mask_path, session_folder
from core.rating.stimuli import load_giveaways, prepare_session, stimulus_path
from core.rating.stimulus_form import choose_form, scramble_picture
from core.rating.stimulus_png import encode_stimulus
from tests.core.rating.mixed_images import SIDE_PX, keep_mixed_session

LOOK = ImageLook(width=48, height=40, is_colour=False, bit_depth=8, is_lossy=False, has_border=False)


@pytest.fixture
def database(workspace: Path) -> Database:
    return open_database(get_settings())


def prepare(database: Database, session: RatingSessionRecord) -> list[bytes]:
    prepare_session(database, get_settings(), session.id)
    files = [stimulus_path(get_settings(), session.id, number) for number in range(5)]
    return [path.read_bytes() for path in (*files, mask_path(get_settings(), session.id))]


def chunks(png: bytes) -> list[bytes]:
    """Kinds of the chunks of a PNG file."""
    found, at = [], 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        found.append(png[at + 4 : at + 8])
        at += 12 + length
    return found


def decode(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


@pytest.mark.parametrize(("colour", "mode"), [(False, "L"), (True, "RGB")])
def test_files_are_alike_in_all_but_their_pixels(database: Database, colour: bool, mode: str) -> None:
    session = keep_mixed_session(database, colour=colour)
    assert load_rating_session(database, session.id).prepared_at is None
    files = prepare(database, session)
    assert load_rating_session(database, session.id).prepared_at is not None
    assert len({len(one) for one in files}) == 1, "bytes tell images apart"
    assert len(set(files)) == len(files)
    for one in files:
        image = Image.open(io.BytesIO(one))
        assert (image.format, image.mode, image.size) == ("PNG", mode, (SIDE_PX, SIDE_PX))
        assert chunks(one) == [b"IHDR", b"IDAT", b"IEND"]
        assert image.info == {}
        assert b"Secret" not in one
    folder = session_folder(get_settings(), session.id)
    stamps = {path.name for path in folder.iterdir()}
    assert stamps == {*(f"stimulus-{number}.png" for number in range(5)), "mask.png", "giveaways.json"}
    assert folder.stat().st_mode & 0o077 == 0


def test_depth_and_size_of_the_file_do_not_show(database: Database) -> None:
    """One picture as 16 bits at 120 x 90, and as 8 bits at 64 x 64 and 48 x 48, ends as nearly the same."""
    real, _, jpeg, small, _, _ = map(decode, prepare(database, keep_mixed_session(database, colour=False)))
    assert np.abs(jpeg.astype(float) - small).mean() < 2
    height = round(SIDE_PX * 90 / 120)
    top = (SIDE_PX - height) // 2
    picture = Image.fromarray(real[top : top + height]).resize((SIDE_PX, SIDE_PX))
    # The 16-bit file is stretched to its own range, as it is everywhere else in the project.
    low, high = float(small.min()), float(small.max())
    stretched = (small - low) / (high - low) * 255
    assert np.abs(np.asarray(picture).astype(float) - stretched).mean() < 4
    assert np.ptp(real[top : top + height]) >= 250


def test_margins_are_mid_grey_and_even(database: Database) -> None:
    wide, tall, *_ = map(decode, prepare(database, keep_mixed_session(database, colour=False)))
    assert set(np.unique(wide[:12])) == set(np.unique(wide[-12:])) == {128}
    assert set(np.unique(tall[:, :12])) == set(np.unique(tall[:, -12:])) == {128}
    assert np.ptp(wide[12:-12]) > 100
    assert np.ptp(tall[:, 12:-12]) > 100


def test_no_image_is_sharper_than_the_smallest_one() -> None:
    """Noise of 120 pixels keeps no detail that a file of 48 pixels could not hold."""
    rng = np.random.default_rng(1)
    shown = []
    for long_px in (120, 96, 48):
        image = decode_image(
            encode_stimulus(rng.integers(0, 256, (long_px, long_px), np.uint8)), max_pixels=10**6
        )
        form = choose_form(real=[look_at(image)], synthetic=[LOOK], side_px=SIDE_PX)
        assert (form.detail_px, form.mode) == (48, "L")
        shown.append(form.shape(image).astype(float))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE_PX), np.fft.fftfreq(SIDE_PX)))
    for picture in shown:
        power = np.abs(np.fft.fft2(picture - picture.mean())) ** 2
        # 48 pixels on 96 shown ones: nothing above a quarter of a cycle a pixel, but for the filter's slope.
        assert power[frequency > 0.35].sum() / power.sum() < 0.02


def test_more_detail_than_is_shown_is_not_taken_away_twice() -> None:
    looks = [dataclasses.replace(LOOK, width=size, height=size) for size in (300, 2000)]
    assert choose_form(real=looks, synthetic=looks, side_px=SIDE_PX).detail_px == SIDE_PX


def test_colour_of_one_side_is_not_shown() -> None:
    """A generator that writes its X-rays as RGB with channels a little apart is not known by that."""
    rng = np.random.default_rng(2)
    tinted = rng.integers(40, 200, (48, 48, 1), np.uint8) + rng.integers(0, 8, (48, 48, 3), np.uint8)
    image = decode_image(encode_stimulus(tinted), max_pixels=10**6)
    colour = look_at(image)
    assert colour.is_colour
    form = choose_form(real=[LOOK], synthetic=[LOOK, colour], side_px=48)
    assert form.mode == choose_form(real=[colour], synthetic=[LOOK], side_px=48).mode == "L"
    assert choose_form(real=[LOOK, colour], synthetic=[colour], side_px=48).mode == "RGB"
    assert np.abs(form.shape(image) - tinted.mean(axis=-1)).max() < 4


def test_a_check_is_a_mosaic_of_a_real_image(database: Database) -> None:
    real, _, _, _, check, _ = map(decode, prepare(database, keep_mixed_session(database, colour=False)))
    assert np.array_equal(np.sort(check, axis=None), np.sort(real, axis=None)), "other tones give it away"
    assert (check != real).mean() > 0.5
    picture, mosaic = real[12:-12].astype(float), check[12:-12].astype(float)
    # Seams: neighbours differ more than in the picture.
    assert np.abs(np.diff(mosaic)).mean() > 2 * np.abs(np.diff(picture)).mean()


def test_pieces_are_moved_and_not_changed() -> None:
    picture = np.arange(40 * 50 * 3, dtype=np.uint16).reshape(40, 50, 3)
    mixed = scramble_picture(picture, np.random.default_rng(0))
    assert np.array_equal(np.sort(mixed.reshape(-1, 3), axis=0), picture.reshape(-1, 3))
    assert np.array_equal(mixed[:, 48:], picture[:, 48:])
    assert not np.array_equal(mixed, picture)


def test_preparing_again_changes_nothing(database: Database) -> None:
    session = keep_mixed_session(database)
    before = prepare(database, session)
    stamp = load_rating_session(database, session.id).prepared_at
    shutil.rmtree(get_settings().home / "data")  # it does not read them again
    assert prepare(database, session) == before
    assert load_rating_session(database, session.id).prepared_at == stamp


def test_lost_files_are_written_again_the_same(database: Database) -> None:
    session = keep_mixed_session(database)
    before = prepare(database, session)
    stimulus_path(get_settings(), session.id, 3).unlink()
    assert prepare(database, session) == before


def test_what_a_killed_run_left_is_removed(database: Database) -> None:
    session = keep_mixed_session(database)
    folder = session_folder(get_settings(), session.id)
    old, fresh, other = (
        folder.parent / name for name in (f".{session.id}.draft-1", f".{session.id}.draft-2", ".0123.draft-1")
    )
    for path in (old, fresh, other):
        path.mkdir(parents=True)
        (path / "stimulus-0.png").touch()
    for path in (old, other):
        os.utime(path, (0, 0))
    prepare(database, session)
    assert {path.name for path in folder.parent.iterdir()} == {folder.name, fresh.name, other.name}


def test_a_faster_run_keeps_its_files(database: Database) -> None:
    session = keep_mixed_session(database)

    class Overtaken(SilentProgress):
        steps = 0

        def advance(self, steps: int = 1) -> None:
            self.steps += steps
            if self.steps == 8:
                prepare(database, session)
                first = stimulus_path(get_settings(), session.id, 0)
                os.utime(first, (1, 1))

    prepare_session(database, get_settings(), session.id, progress=Overtaken())
    assert stimulus_path(get_settings(), session.id, 0).stat().st_mtime == 1
    assert len(list(session_folder(get_settings(), session.id).parent.iterdir())) == 1


def _is_tidy(session: RatingSessionRecord) -> bool:
    folder = session_folder(get_settings(), session.id)
    return not folder.exists() and not (folder.parent.exists() and any(folder.parent.iterdir()))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.unlink(), "it is not a regular file"),
        (lambda path: path.write_bytes(path.read_bytes() + b" "), "it has changed since it was drawn"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/hostname")), "outside its folder root"),
    ],
    ids=["gone", "changed", "led out"],
)
def test_an_image_that_cannot_be_shown_is_named(database: Database, spoil, says: str) -> None:  # type: ignore[no-untyped-def]
    session = keep_mixed_session(database)
    spoil(get_settings().home / "data" / "gan" / "b.png")
    with pytest.raises(InputError, match=r"The image 'b.png' of gan cannot be shown to raters: ") as error:
        prepare(database, session)
    assert says in str(error.value)
    assert _is_tidy(session)
    assert load_rating_session(database, session.id).prepared_at is None


def test_cancelling_leaves_nothing(database: Database) -> None:
    session = keep_mixed_session(database)

    class Stop(SilentProgress):
        steps = 0

        def advance(self, steps: int = 1) -> None:
            self.steps += steps
            if self.steps == 8:  # in the midst of writing
                raise CancelledError("stop")

    with pytest.raises(CancelledError):
        prepare_session(database, get_settings(), session.id, progress=Stop())
    assert _is_tidy(session)
    prepare(database, session)


def test_a_workspace_that_cannot_be_written_is_named(database: Database) -> None:
    session = keep_mixed_session(database)
    (get_settings().home / "ratings").write_text("in the way")
    with pytest.raises(StoreError, match="make room there and prepare it again"):
        prepare(database, session)


def test_strange_ids_become_no_path(database: Database) -> None:
    for session_id in ("../x", "a/b", "", "é"):
        with pytest.raises(UnknownNameError):
            stimulus_path(get_settings(), session_id, 0)
    with pytest.raises(UnknownNameError):
        prepare_session(database, get_settings(), "nobody")


def test_giveaways_are_kept_with_the_images(database: Database) -> None:
    session = keep_mixed_session(database)
    assert load_giveaways(get_settings(), session.id) == ()
    prepare(database, session)
    assert any("deeper than 8 bits" in sentence for sentence in load_giveaways(get_settings(), session.id))


def test_the_mask_covers_coarse_and_fine_detail() -> None:
    mask = decode(make_mask(128, "L", 3)).astype(float)
    assert make_mask(128, "L", 3) == make_mask(128, "L", 3) != make_mask(128, "L", 4)
    assert abs(mask.mean() - 127.5) < 4
    assert 35 < mask.std() < 60
    power = np.abs(np.fft.fft2(mask - mask.mean())) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    bands = [(frequency > low) & (frequency <= 2 * low) for low in (1 / 64, 1 / 32, 1 / 16, 1 / 8)]
    # Amplitudes of 1/f: power falls with the square of frequency, and octaves hold equal shares.
    shares = [power[band].sum() for band in bands]
    assert max(shares) < 2.5 * min(shares)
    colour = decode(make_mask(128, "RGB", 3))
    assert np.array_equal(colour[..., 0], mask)
    assert np.ptp(colour, axis=-1).max() == 0

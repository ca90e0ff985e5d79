"""What cannot be cropped or measured is refused in one sentence; suspect regions are widened."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.crop_experiment.request import CropRequest, parse_region, widen_region, write_region
from core.datasets.study import Study
from core.errors import InputError, UnknownNameError


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Name what to crop"),
        ({"margin": 0.5}, "less than 0.5"),
        ({"region": (0.5, 0, 0.2, 1)}, "left lies before right"),
        ({"region": (0, 0, 1, 1), "mode": "cut"}, "leave nothing"),
        ({"margin": 0.1, "kinds": ()}, "at least one kind"),
        ({"margin": 0.1, "kinds": ("augmentation", "augmentation")}, "each once"),
    ],
)
def test_requests_that_make_no_sense(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        CropRequest(**given)


def test_sets_are_chosen_by_name() -> None:
    study = Study.from_folders(real="r", heldout="h", synthetic={"gan": "g", "ddpm": "d"})
    request = CropRequest(margin=0.1, synthetic=("ddpm",))
    assert [one.name for one in request.choose_sets(study).synthetic] == ["ddpm"]
    assert CropRequest(margin=0.1).choose_sets(study) == study
    with pytest.raises(UnknownNameError, match=r"no synthetic set 'vae'; there are: gan, ddpm"):
        CropRequest(margin=0.1, synthetic=("vae",)).choose_sets(study)
    with pytest.raises(InputError, match="add a held-out set"):
        request.choose_sets(study.model_copy(update={"heldout": None}))


def test_a_request_comes_back_from_json() -> None:
    request = CropRequest(region=(0, 0, 0.25, 0.2), mode="cut", synthetic=("gan",))
    assert CropRequest.model_validate_json(request.model_dump_json()) == request


def test_regions_are_read_written_and_widened() -> None:
    assert parse_region("0, 0,0.2,0.15") == (0, 0, 0.2, 0.15)
    assert write_region((0, 0.0625, 0.25, 1)) == "0,0.0625,0.25,1"
    assert widen_region((0, 0.125, 0.25, 1)) == (0, 0.0625, 0.3125, 1)
    for text in ("0,0,1", "a,b,c,d", "0.5,0,0.2,1", "nan,0,1,1"):
        with pytest.raises(InputError):
            parse_region(text)

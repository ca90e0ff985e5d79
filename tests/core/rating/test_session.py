"""A session made of a study's folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import get_settings
from core.datasets.image_set import Role
from core.db.database import open_database
from core.db.raters import list_raters
from core.db.rating_record import TrialKind
from core.db.rating_sessions import list_rating_sessions, load_stimuli
from core.errors import CancelledError, ImageSetError, InputError, UnknownNameError
from core.images.reading import compute_digest
from core.progress import SilentProgress
from core.rating.design import RealSource, SessionDesign
from core.rating.session import create_session, invite_rater, scan_session_sets
from core.rating.trials import make_trials
from tests.core.rating.drawn import design_of
from tests.experiments import keep_classified_study

COUNTS = {(None, "a"): 3, (None, "b"): 3, ("gan", "a"): 3, ("gan", "b"): 3}


class Cancelling(SilentProgress):
    def advance(self, steps: int = 1) -> None:
        raise CancelledError("stopped")


@pytest.mark.parametrize("source", RealSource)
def test_a_session_keeps_design_folders_images_and_raters(workspace: Path, source: RealSource) -> None:
    study, database = keep_classified_study(), open_database(get_settings())
    design = design_of(COUNTS, real_source=source, n_training=2, n_checks=1, n_raters=4, seed=9)
    session = create_session(database, get_settings(), study=study, name="First", design=design)
    assert SessionDesign.model_validate(session.design) == design
    assert session.folders == study.folders.model_dump(mode="json")
    assert (session.study_id, session.is_simulated, session.prepared_at) == (study.id, False, None)
    stimuli = load_stimuli(database, session.id)
    folder = {None: source.value if source is RealSource.HELDOUT else "real", "gan": "gan"}
    for one in stimuli:
        file = workspace / "data" / folder[one.synthetic] / one.file
        assert one.digest in (None, compute_digest(file.read_bytes()))
    raters = list_raters(database, session.id)
    assert [one.name for one in raters] == ["Rater 1", "Rater 2", "Rater 3", "Rater 4"]
    fifth = invite_rater(database, session.id)
    assert fifth.name == "Rater 5"
    for one in (*raters, fifth):
        assert one.trials == make_trials(design, stimuli, one.number)
    assert len({one.trials for one in (*raters, fifth)}) == 5
    # A second session of the same seed shows the same images.
    again = create_session(
        database, get_settings(), study=study, name="Again", design=design, is_simulated=True
    )
    assert again.is_simulated
    assert load_stimuli(database, again.id) == stimuli
    database.close()


def test_only_the_sets_that_are_shown_are_read(workspace: Path) -> None:
    study = keep_classified_study()
    found = scan_session_sets(study, design_of(COUNTS), settings=get_settings())
    assert [(one.role, one.name) for one in found] == [(Role.HELDOUT, "heldout"), (Role.SYNTHETIC, "gan")]
    train = design_of(COUNTS, real_source=RealSource.TRAIN)
    assert [one.name for one in scan_session_sets(study, train, settings=get_settings())] == ["real", "gan"]


def test_what_cannot_be_made_leaves_nothing(workspace: Path) -> None:
    settings, database = get_settings(), open_database(get_settings())
    study, without = keep_classified_study(), keep_classified_study("Without", heldout=False)
    design = design_of(COUNTS)
    with pytest.raises(ImageSetError, match="no held-out set"):
        create_session(database, settings, study=without, name="First", design=design)
    unknown = design_of({(None, "a"): 3, ("vae", "a"): 3})
    with pytest.raises(UnknownNameError, match="no synthetic set 'vae'; there are: 'gan', 'ddpm'"):
        create_session(database, settings, study=study, name="First", design=unknown)
    with pytest.raises(CancelledError):
        create_session(database, settings, study=study, name="First", design=design, progress=Cancelling())
    with pytest.raises(InputError, match="name of 1 to 80"):
        create_session(database, settings, study=study, name=" ", design=design)
    assert list_rating_sessions(database) == ()
    session = create_session(database, settings, study=study, name="First", design=design)
    assert all(one.kind is TrialKind.TEST for one in load_stimuli(database, session.id))
    with pytest.raises(InputError, match="called 'First' already"):
        create_session(database, settings, study=study, name="first", design=design)
    database.close()

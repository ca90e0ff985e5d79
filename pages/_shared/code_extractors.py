"""VQ-VAE-2 generators of the workspace as extractors: their codes compare images place by place."""

from __future__ import annotations

from core.config import Settings
from core.db.database import Database
from core.db.generator_runs import GeneratorRun, list_generator_runs
from core.db.studies import StudyRecord
from core.errors import MedSynError
from core.generators.run_folder import RunFolder
from core.generators.standing import describe_standing
from core.jobs.job_folder import generator_folder

__all__ = ["list_code_extractors", "title_code_extractors"]

_FAMILY = "vqvae2"
_PHASE = "autoencoder"
_LEVELS = {"vqvae-top": "coarse codes", "vqvae-bottom": "fine codes"}


def list_code_extractors(database: Database, settings: Settings, study: StudyRecord) -> dict[str, str]:
    """The extractors that a study's own VQ-VAE-2 generators give, by name, with what readers call them.

    Only those whose autoencoder is trained to its end: its codes, not the images it draws, are compared.
    """
    runs = [run for run in list_generator_runs(database, study.id) if _is_trained(settings, run)]
    return _title(runs)


def title_code_extractors(database: Database) -> dict[str, str]:
    """What readers call the extractors of all VQ-VAE-2 generators, removed ones included."""
    return _title([*list_generator_runs(database), *list_generator_runs(database, removed=True)])


def _title(runs: list[GeneratorRun]) -> dict[str, str]:
    return {
        f"{extractor}:{run.id}": f"VQ-VAE-2 {codes} of {run.name}"
        for run in runs
        if run.family == _FAMILY
        for extractor, codes in _LEVELS.items()
    }


def _is_trained(settings: Settings, run: GeneratorRun) -> bool:
    if run.family != _FAMILY:
        return False
    try:
        standing = describe_standing(RunFolder(generator_folder(settings, run.id)))
    except MedSynError:
        return False
    return any(phase.name == _PHASE and phase.is_complete for phase in standing.phases)

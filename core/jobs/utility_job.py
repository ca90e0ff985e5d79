"""A job that runs a utility experiment on a study's sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.config import Settings
from core.datasets.study_folders import StudyFolders, confine_to_roots, require_synthetic
from core.db.database import Database
from core.db.experiments import has_experiment
from core.db.job_record import JobRecord
from core.errors import InputError, UnknownNameError
from core.jobs._payload import parse_payload
from core.jobs.job_folder import experiment_folder, utility_runs_folder
from core.progress import Progress
from core.utility.archive import save_utility_summary
from core.utility.arms import ExperimentKind
from core.utility.presets import UtilityProtocol

__all__ = ["UtilityJob", "UtilityPayload"]


class UtilityPayload(BaseModel):
    """What a utility experiment was asked.

    Attributes:
        folders: the study's sets when it was asked; its held-out set is the test set.
        kind: `augmentation` or `feature-extraction`.
        protocol: what decides the numbers.
        synthetic: names of the synthetic sets that take part; empty takes all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folders: StudyFolders
    kind: ExperimentKind
    protocol: UtilityProtocol = UtilityProtocol()
    synthetic: tuple[str, ...] = ()

    def choose_folders(self) -> StudyFolders:
        """Return the folders that the experiment reads: the study's, with the chosen synthetic sets alone.

        Raises:
            InputError: if the study has no synthetic set, or no held-out set to test on.
            UnknownNameError: if it has no synthetic set of a name.
        """
        require_synthetic(self.folders)
        if self.folders.heldout is None:
            raise InputError(
                "A utility experiment tests on the held-out set, real images of patients that no training "
                "sees, and this study has none; add a held-out set to the study."
            )
        known = [one.name for one in self.folders.synthetic]
        for name in self.synthetic:
            if name not in known:
                raise UnknownNameError(
                    f"The study has no synthetic set {name!r}; it has {', '.join(map(repr, known))}."
                )
        chosen = [one for one in self.folders.synthetic if not self.synthetic or one.name in self.synthetic]
        return self.folders.model_copy(update={"synthetic": tuple(chosen)})


class UtilityJob:
    """Trains and tests on a study's folders, confined to the folder roots, and keeps the result."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that is no experiment, or a study without a test set or without a named set."""
        parse_payload(UtilityPayload, payload).choose_folders()

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Run it; the same numbers as `python -m core utility` with the same folders and protocol.

        Trainings that were finished before, by this job, one that was stopped or another experiment, are
        taken from the workspace.
        """
        from core.audit.items import tabulate_items, write_items
        from core.datasets.study_scan import scan_study
        from core.output_folder import check_output_folder
        from core.utility.experiment import run_experiment
        from core.utility.sets import prepare_sets
        from core.utility.writer import write_utility

        if job.study_id is None:
            raise InputError("A utility job needs its study.")
        asked = parse_payload(UtilityPayload, job.payload)
        study = asked.choose_folders().resolve(settings)
        folder, confined = experiment_folder(settings, job.id), confine_to_roots(settings)
        check_output_folder(folder)
        real, test, *synthetic = scan_study(
            study,
            group_by=asked.protocol.group_by,
            intensity=asked.protocol.intensity,
            join_slices=asked.protocol.join_slices,
            settings=confined,
            progress=progress,
        )
        sets = prepare_sets(real, test, synthetic)
        result = run_experiment(
            asked.kind,
            sets,
            asked.protocol,
            runs_folder=utility_runs_folder(settings),
            settings=confined,
            progress=progress,
        )
        # Files first: an experiment that the database lists has its files.
        write_items(tabulate_items([sets.test]), folder)
        write_utility(result, folder)
        if not has_experiment(database, job.id):
            save_utility_summary(database, result.summary, experiment_id=job.id, study_id=job.study_id)
        return {"experiment_id": job.id}

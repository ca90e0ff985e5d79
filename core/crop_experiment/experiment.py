"""Runs a crop experiment: everything is measured on whole images, then on cropped ones, and compared."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.audit.items import tabulate_items
from core.audit.protocol import Execution
from core.audit.result import AuditResult
from core.audit.run import run_audit
from core.bias.patch_probe import ProbeOptions
from core.config import Settings, get_settings
from core.crop_experiment.comparison import compare_audits, compare_utilities, warn_of_repeats
from core.crop_experiment.cropped_sets import write_cropped_study
from core.crop_experiment.experiment_names import SETS_FOLDER, name_twin
from core.crop_experiment.findings import find_cautions
from core.crop_experiment.part_progress import PartProgress
from core.crop_experiment.probing import find_strongest, probe_places
from core.crop_experiment.request import CropRequest, Kind
from core.crop_experiment.result import CroppedSet, CropResult, CropSummary, SuspectLeft
from core.datasets.image_set import ImageSet, Role
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.errors import ImageSetError, TooFewImagesError
from core.progress import Progress, SilentProgress
from core.utility.experiment import run_experiment
from core.utility.result import UtilityResult
from core.utility.sets import UtilitySets, prepare_sets

__all__ = ["run_crop_experiment"]


def run_crop_experiment(
    study: Study,
    request: CropRequest,
    *,
    folder: Path,
    runs_folder: Path,
    execution: Execution | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> CropResult:
    """Measure a study before and after a crop of all its sets.

    The same call goes on where an earlier one stopped: cropped sets and finished trainings are kept, features
    come from the workspace's store.

    Args:
        study: the sets; the held-out set is what classifiers are tested on.
        request: the crop and what is measured.
        folder: the experiment's folder; cropped sets are written into `SETS_FOLDER` below it.
        runs_folder: where finished trainings are kept.
        execution: device, batch size and threads; the defaults when None.
        settings: workspace and limits, where reading is confined that of `folder` included; the process's own
            when None.
        progress: told about every stage; may cancel, which keeps what is finished.

    Raises:
        InputError: if the study has no held-out set, the folder cannot be written, or sets do not go
            together.
        ImageSetError: if a set cannot be used or changed while it was read.
        TooFewImagesError: if patients do not suffice for training, validation and test.
        WeightsError: if weights are not to be had.
        CancelledError: if progress says so.
    """
    execution, settings = execution or Execution(), settings or get_settings()
    study = request.choose_sets(study)
    started, clock = datetime.now(UTC), time.perf_counter()
    parts = PartProgress(progress or SilentProgress(), 4 + 2 * len(request.kinds))
    parts.begin("the crop")
    before = _scan(study, request, execution, settings, parts)
    # Told before hours of work: classes, patients, and images that are in two sets.
    prepare_sets(before[0], before[1], before[2:])
    cropped = write_cropped_study(
        study, before, request.crop, folder / SETS_FOLDER, settings=settings, progress=parts
    )
    after = _scan(cropped, request, execution, settings, parts)
    studies = {"before": (study, before), "after": (cropped, after)}

    utilities: dict[tuple[Kind, str], UtilityResult] = {}
    prepared: dict[str, UtilitySets] = {
        when: prepare_sets(s[0], s[1], s[2:]) for when, (_, s) in studies.items()
    }
    audits: dict[str, AuditResult] = {}
    for when, (one, _) in studies.items():
        parts.begin(f"audit {when} the crop")
        audits[when] = run_audit(
            one, request.protocol, execution=execution, settings=settings, progress=parts
        )
    for kind in request.kinds:
        for when, sets in prepared.items():
            parts.begin(f"{kind.replace('-', ' ')} {when} the crop")
            utilities[kind, when] = run_experiment(
                kind,
                sets,
                request.utility,
                runs_folder=runs_folder,
                device=execution.device,
                workers=execution.workers,
                settings=settings,
                progress=parts,
            )
    parts.begin("probes of what was cropped")
    classes = prepared["before"].classes
    probes = tuple(
        record
        for first, second in zip(before, after, strict=True)
        for record in probe_places(
            first,
            second,
            request.crop,
            classes,
            seed=request.protocol.seed,
            workers=execution.workers,
            settings=settings,
            progress=parts,
        )
    )
    suspects, note = _find_strongest(before[0], after[0], request, execution, settings, parts)
    scores = tuple(
        change
        for kind in request.kinds
        for change in compare_utilities(utilities[kind, "before"].summary, utilities[kind, "after"].summary)
    )
    warnings = [
        *find_cautions(probes, suspects),
        *_check_pairs(utilities, request.kinds),
        *filter(None, [warn_of_repeats(scores)]),
        *(warning for sets in prepared.values() for warning in sets.warnings),
    ]
    summary = CropSummary(
        margin=request.margin,
        region=request.region,
        mode=request.mode,
        request=request.model_dump(mode="json"),
        classes=classes,
        sets=tuple(_record(one, twin) for one, twin in zip(before, after, strict=True)),
        warnings=tuple(dict.fromkeys(warnings)),
        metrics=compare_audits(audits["before"].summary, audits["after"].summary),
        scores=scores,
        probes=probes,
        suspects=suspects,
        suspects_note=note,
        started=started,
        seconds=round(time.perf_counter() - clock, 3),
    )
    twins = [replace(one, name=name_twin(one.name)) for one in after]
    return CropResult(summary, audits, utilities, tabulate_items([*before, *twins]))


def _scan(
    study: Study, request: CropRequest, execution: Execution, settings: Settings, progress: Progress
) -> list[ImageSet]:
    return scan_study(
        study,
        class_names=request.protocol.class_names,
        group_by=tuple(dict.fromkeys((*request.protocol.group_by, *request.utility.group_by))),
        intensity=request.protocol.intensity,
        join_slices=request.protocol.join_slices,
        workers=execution.workers,
        settings=settings,
        progress=progress,
    )


def _find_strongest(
    before: ImageSet,
    after: ImageSet,
    request: CropRequest,
    execution: Execution,
    settings: Settings,
    progress: Progress,
) -> tuple[tuple[SuspectLeft, ...], str]:
    """The strongest suspects, or why there are none."""
    try:
        found = find_strongest(
            before,
            after,
            request.crop,
            options=ProbeOptions(seed=request.protocol.seed),
            workers=execution.workers,
            settings=settings,
            progress=progress,
        )
    except TooFewImagesError as error:
        return (), f"{error} Other places were not looked at."
    return found, ""


def _check_pairs(utilities: dict[tuple[Kind, str], UtilityResult], kinds: Sequence[Kind]) -> list[str]:
    """Make sure that a repeat before and after the crop differs in the crop alone."""
    for kind in kinds:
        counts = [
            [
                (run.arm, run.repeat, run.n_real, run.n_synthetic, run.n_validation)
                for run in utilities[kind, when].summary.runs
            ]
            for when in ("before", "after")
        ]
        if counts[0] != counts[1]:
            return [
                "After the crop some images are equal, so that a few trainings had other numbers of images "
                "than before; their repeats are not strictly paired."
            ]
    return []


def _record(before: ImageSet, after: ImageSet) -> CroppedSet:
    if [item.id for item in before.items] != [item.id for item in after.items]:
        raise ImageSetError(
            f"The cropped images of {before.name} are not those that were cropped; remove the experiment's "
            "folder and run it again."
        )
    roles = {Role.REAL: "real", Role.HELDOUT: "heldout", Role.SYNTHETIC: "synthetic"}
    return CroppedSet.model_validate(
        {
            "role": roles[before.role],
            "name": before.name,
            "n": len(before),
            "digest": before.digest,
            "cropped_digest": after.digest,
        }
    )

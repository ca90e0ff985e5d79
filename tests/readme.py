"""Writes README's tables from runs: `python -m tests.readme [NAME ...]` (all blocks when none is named).

A table stands in README between `<!-- NAME -->` and `<!-- /NAME -->`; this program replaces what lies between.
Blocks on real images need the sample images beside the checkout and are left as they are without them.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.audit.demo import audit_demo
from core.audit.protocol import Protocol
from core.audit.result import AuditResult, MetricRow
from core.audit.run import run_audit
from core.config import Settings
from core.datasets.study import Study
from core.features.registry import EXTRACTORS, get_extractor_info
from core.metrics.catalogue import METRICS, Direction
from core.report.numbers import format_value
from tests.readme_copies import (
    false_flags_on_phantoms,
    memorised_slices,
    recall_on_phantoms,
    recall_on_xrays,
)
from tests.readme_crops import (
    GAIN_HEAD,
    SETS_CROPPED,
    WORTH_HEAD,
    crop_phantoms,
    crop_xrays,
    tabulate_gains,
    tabulate_worth,
)
from tests.readme_volumes import audit_volumes

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
ARROWS = {Direction.HIGHER: "↑", Direction.LOWER: "↓", Direction.NONE: ""}
SHOWN = (
    *("fd", "kid", "precision", "recall", "coverage", "vendi_score", "ms_ssim", "variety"),
    *("flagged", "flag_excess", "repeated", "membership_auc", "privacy", "authenticity", "bias_inheritance"),
)
VOLUME_ROWS = (
    *(("fd", f"texture{plane}") for plane in ("", "@axial", "@coronal", "@sagittal")),
    *(("coverage", "texture"), ("ms_ssim", None)),
    *((metric, "pixels") for metric in ("flagged", "flag_excess", "repeated")),
)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(row: MetricRow | None) -> str:
    """Value with its interval."""
    if row is None or row.value is None:
        return "–"
    return span(row.value, row.low, row.high)


def span(value: float, low: float | None, high: float | None) -> str:
    """Value with its interval, with no more digits than that supports."""
    text = format_value(value, low, high)
    if low is None or high is None:
        return text
    return f"{text} ({format_value(low, low, high)} to {format_value(high, low, high)})"


def audit_table(
    result: AuditResult, shown: Sequence[tuple[str, str | None]] | None = None, *, noun: str = "images"
) -> str:
    """Metrics by synthetic set, whole sets only, with what real images score.

    `shown` names metrics with the extractor wanted, or None for whichever there is.
    """
    names = [one.name for one in result.summary.sets if one.role == "synthetic"]
    lines = []
    for metric, extractor in shown or [(metric, None) for metric in SHOWN]:
        rows = {
            r.synthetic: r
            for r in result.summary.results
            if r.metric == metric and r.class_name is None and extractor in (None, r.extractor)
        }
        if not rows:
            continue
        facts, first = METRICS[metric], next(iter(rows.values()))
        where = f" ({first.extractor})" if first.extractor else ""
        title = f"{facts.name}{where} {ARROWS[facts.direction]}".strip()
        detail = first.floor_detail
        if detail is None or detail.kind == "real":
            lines.append([title, *(cell(rows.get(name)) for name in names), ""])
            continue
        floor = span(detail.value, detail.low, detail.high)
        if detail.value_at_n is None:
            lines.append([title, *(cell(rows.get(name)) for name in names), floor])
            continue
        # The distance falls with n: show it at the floor's n, where the two can be compared.
        at_n = [rows[name].floor_detail for name in names]
        same = [
            span(d.value_at_n, d.value_at_n_low, d.value_at_n_high) if d and d.value_at_n else "–"
            for d in at_n
        ]
        lines.append([f"{title}, {detail.n} {noun} a side", *same, floor])
    return table(["metric", *names, "real against real"], lines)


def demo(settings: Settings) -> str:
    """The demo's audit."""
    return audit_table(audit_demo(settings=settings))


def chest(settings: Settings) -> str:
    """Chest X-rays against two snapshots of one StyleGAN2."""
    study = Study.from_folders(
        real=DATA / "cxr_covid" / "real",
        synthetic={
            "stylegan2-late": DATA / "synthetic" / "cxr_covid_stylegan2_late",
            "stylegan2-early": DATA / "synthetic" / "cxr_covid_stylegan2_early",
        },
    )
    return audit_table(run_audit(study, settings=settings))


def sample(folder: Path, n: int, into: Path, seed: int) -> Path:
    """Copy n images of a folder, drawn with a seed."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".png", ".jpg", ".jpeg"})
    into.mkdir(parents=True)
    for index, path in enumerate(random.Random(seed).sample(files, n)):
        shutil.copy(path, into / f"{index:04d}{path.suffix}")
    return into


def weight_free(settings: Settings) -> str:
    """Fresh real images against generated ones at equal n, for every extractor that needs no weights."""
    names = [name for name in EXTRACTORS if not get_extractor_info(name).needs_weights]
    protocol = Protocol(extractors=tuple(names))
    lines = []
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        halves = sample(DATA / "cxr_covid" / "real", 108, root / "covid", seed=0)
        (root / "fresh").mkdir()
        for path in sorted(halves.iterdir())[54:]:
            path.rename(root / "fresh" / path.name)
        generated = DATA / "synthetic"
        studies = {
            "COVID X-rays, 54 real": Study.from_folders(
                real=halves,
                synthetic={
                    "fresh real": root / "fresh",
                    "StyleGAN2 late": sample(generated / "cxr_covid_stylegan2_late", 54, root / "late", 0),
                    "StyleGAN2 early": sample(generated / "cxr_covid_stylegan2_early", 54, root / "early", 0),
                },
            ),
            "brain MR, 480 real": Study.from_folders(
                real=DATA / "mri2d" / "real",
                synthetic={
                    "fresh real": sample(DATA / "mri2d" / "heldout_real", 48, root / "mri", 0),
                    "DDPM": sample(generated / "mri2d_ddpm", 48, root / "ddpm", 0),
                },
            ),
        }
        for title, study in studies.items():
            rows = run_audit(study, protocol, settings=settings).summary.results
            for one in study.synthetic:
                found = {
                    r.extractor: r
                    for r in rows
                    if r.synthetic == one.name and r.metric == "fd" and r.class_name is None
                }
                n = next(iter(found.values())).n_synthetic
                lines.append([title, f"{one.name} ({n})", *(cell(found.get(name)) for name in names)])
    return table(["real set", "against", *(f"`{name}`" for name in names)], lines)


def metrics(settings: Settings) -> str:
    """Every metric from the catalogue."""

    def limits(low: float, high: float) -> str:
        return f"{'−∞' if math.isinf(low) else f'{low:g}'} to {'∞' if math.isinf(high) else f'{high:g}'}"

    return table(
        ["id", "metric", "better", "range", "what it says", "interval", "paper"],
        [
            [
                f"`{facts.id}`", facts.name, ARROWS[facts.direction], limits(facts.low, facts.high),
                facts.sentence, facts.interval, facts.paper,
            ]
            for facts in METRICS.values()
        ],
    )  # fmt: skip


def extractors(settings: Settings) -> str:
    """Every extractor from the registry."""
    rows = []
    for name, entry in EXTRACTORS.items():
        info = get_extractor_info(name)
        rows.append([f"`{entry.pattern}`", info.sentence, "yes" if info.needs_weights else "no", info.paper])
    return table(["extractor", "what it looks at", "needs weights", "source"], rows)


def copies_phantoms(settings: Settings) -> str:
    """Recall of planted copies on phantoms."""
    head = ["manipulation", "`pixels` (aligned)", "`random-conv`", "`texture`"]
    return table(head, recall_on_phantoms(settings))


def copies_fresh(settings: Settings) -> str:
    """False flags over many draws of fresh films; takes some minutes."""
    head = [
        "fresh films",
        "flagged",
        "share (95 % interval)",
        "the rate that this many held-out films can hold",
    ]
    return table(head, false_flags_on_phantoms())


def copies_xrays(settings: Settings) -> str:
    """Recall of planted copies on chest X-rays."""
    return table(["manipulation", "`pixels` (aligned)", "`random-conv`"], recall_on_xrays(settings, DATA))


def copies_mri(settings: Settings) -> str:
    """A DCGAN that memorised its training set."""
    return table(["", "fresh real slices", "DDPM", "memorising DCGAN"], memorised_slices(settings, DATA))


def crops_phantoms(settings: Settings) -> str:
    """What sets of phantoms are worth before and after the letter is cropped."""
    summary = crop_phantoms(settings)
    sets = {None: "real images", **{name: f"`{name}`" for name in SETS_CROPPED}}
    worth = table(WORTH_HEAD, list(tabulate_worth(summary, sets)))
    return f"{worth}\n\n{table(GAIN_HEAD, list(tabulate_gains(summary, SETS_CROPPED)))}"


def crops_xrays(settings: Settings) -> str:
    """The same for chest X-rays, where films of other persons play a perfect generator."""
    summary = crop_xrays(settings, DATA)
    sets = {None: "real films", "other-films": "films of other persons"}
    return table(WORTH_HEAD, list(tabulate_worth(summary, sets)))


def volumes(settings: Settings) -> str:
    """MR volumes: of other patients, altered copies, blurred."""
    result, hits = audit_volumes(settings, DATA)
    names = [one.name for one in result.summary.sets if one.role == "synthetic"]
    found = [hits if name == "altered copies" else "" for name in names]
    last = "| " + " | ".join(["nearest volume is the one that was altered", *found, ""]) + " |"
    return f"{audit_table(result, VOLUME_ROWS, noun='volumes')}\n{last}"


BLOCKS: Mapping[str, Callable[[Settings], str]] = {
    "demo": demo,
    "chest": chest,
    "weight-free": weight_free,
    "copies-phantoms": copies_phantoms,
    "copies-fresh": copies_fresh,
    "copies-xrays": copies_xrays,
    "copies-mri": copies_mri,
    "volumes": volumes,
    "crops-phantoms": crops_phantoms,
    "crops-xrays": crops_xrays,
    "metrics": metrics,
    "extractors": extractors,
}
NEED_DATA = {"chest", "weight-free", "copies-xrays", "copies-mri", "crops-xrays", "volumes"}


def main() -> None:
    """Replace the blocks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BLOCKS], default=[])
    names = parser.parse_args().names or list(BLOCKS)
    readme = ROOT / "README.md"
    with tempfile.TemporaryDirectory() as home:
        place = Path(os.environ.get("MEDSYN_HOME", home))
        settings = dataclasses.replace(
            Settings.from_environment(),
            home=place,
            weights_dir=None,
            torch_home=place / "torch",
            offline=True,
        )
        for name in names:
            if name in NEED_DATA and not DATA.is_dir():
                print(f"{name}: left as it is, the sample images are not here")
                continue
            block = f"<!-- {name} -->\n{BLOCKS[name](settings)}\n<!-- /{name} -->"
            before, mark, rest = readme.read_text(encoding="utf-8").partition(f"<!-- {name} -->")
            _, end, after = rest.partition(f"<!-- /{name} -->")
            if not mark or not end:
                raise SystemExit(f"README.md has no block {name}")
            readme.write_text(before + block + after, encoding="utf-8")
            print(f"{name}: written")


if __name__ == "__main__":
    main()

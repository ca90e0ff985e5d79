"""Opens a finished audit whole, as it was when it ended, to write another report of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.audit.archive import load_summary
from core.audit.items import ITEMS_FILE
from core.audit.mean_archive import MEANS_FILE, load_mean_images
from core.audit.mean_volume import MeanVolume
from core.audit.mean_volume_archive import VOLUMES_FOLDER, load_mean_volumes
from core.audit.pairs import PAIRS_FILE
from core.audit.result import AuditBias, AuditResult, AuditSummary, MeanPicture
from core.bias.archive import BIAS_FOLDER, list_bias
from core.bias.document import open_document
from core.bias.options import BiasChoices
from core.errors import InputError

__all__ = ["load_copies", "reopen_audit"]

COPIES_FILE = "copies.csv"
_NUMBERS = (
    *("distance", "rho", "p_value", "q_value", "pixel_agreement"),
    *("shift_slices", "shift_rows", "shift_columns"),
)
_FLAGS = ("flagged", "turned_over")
_NEEDED = ("synthetic", "synthetic_item", "nearest_real", "distance", "set", "extractor")


def reopen_audit(folder: Path) -> AuditResult:
    """Read every file of a finished audit back into its result.

    What an audit of an earlier version did not write is left out: lists of items and pairs become None, mean
    images become an empty mapping. Mean images and volumes are read when they are asked for. Of several
    analyses of bias the audit's own comes back; where it had none, the newest that was made later.

    Args:
        folder: what `--output` named.

    Raises:
        InputError: if there is no audit, or one of its files is damaged.
    """
    summary = load_summary(folder)
    means: Mapping[tuple[str, str | None], MeanPicture] = {}
    if (folder / MEANS_FILE).exists():
        means = load_mean_images(folder)
    volumes: Mapping[tuple[str, str | None], MeanVolume] = {}
    if (folder / VOLUMES_FOLDER).exists():
        volumes = load_mean_volumes(folder)
    return AuditResult(
        summary=summary,
        copies=load_copies(folder),
        mean_images=means,
        items=_load_table(folder / ITEMS_FILE),
        pairs=_load_table(folder / PAIRS_FILE),
        bias=_open_bias(folder, summary),
        mean_volumes=volumes,
    )


def load_copies(folder: Path) -> pd.DataFrame:
    """Read `copies.csv` of a finished audit, with the names of items as the audit had them.

    Args:
        folder: what `--output` named.

    Raises:
        InputError: if it is missing or damaged.
    """
    path = folder / COPIES_FILE
    try:
        # As text: a class or file may be called "NA", and numbers keep all their digits on every version.
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
        for name in set(_NUMBERS).intersection(table):
            table[name] = [float(text) if text else math.nan for text in table[name]]
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); run the audit again.") from error
    except ValueError:
        raise InputError(f"{path} is damaged; run the audit again.") from None
    if missing := [name for name in _NEEDED if name not in table]:
        raise InputError(f"{path} lacks the column {missing[0]!r}; run the audit again.")
    for name in ("synthetic_item", "nearest_real"):
        table[name] = [_unguard(item) for item in table[name]]
    for name in {"set", "transform"}.intersection(table):
        if (table[name] == "").any():
            table[name] = pd.Series([text or None for text in table[name]], dtype=object)
    for name in set(_FLAGS).intersection(table):
        flags = [{"True": True, "False": False}.get(text) for text in table[name]]
        table[name] = pd.Series(flags, dtype=object if None in flags else bool)
    return table


def _unguard(item: str) -> str:
    """Undo what keeps spreadsheets from reading a name as a formula."""
    return item[2:] if re.match(r"\./[=+\-@\t\r]", item) else item


def _open_bias(folder: Path, summary: AuditSummary) -> AuditBias | None:
    keys = list_bias(folder)
    if not keys:
        return None
    seed = summary.protocol.choices.get("seed")
    own = BiasChoices(seed=seed).key if isinstance(seed, int) else ""
    key = own if own in keys else keys[0]
    return AuditBias(key, open_document(folder / BIAS_FOLDER / key))


def _load_table(path: Path) -> pa.Table | None:
    """A table of the audit; None where it has none."""
    if not path.exists():
        return None
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException):
        raise InputError(f"{path} is damaged; run the audit again.") from None

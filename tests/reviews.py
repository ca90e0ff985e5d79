"""A study with real files, its items and pairs, and a review of it, all without an audit's work."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.audit.items import ITEMS_FILE, AuditItems, make_item_id
from core.audit.pairs import PAIRS_FILE, PAIRS_SCHEMA
from core.config import get_settings
from core.db.audits import add_audit
from core.db.database import Database
from core.db.review_record import NewVerdict, ReviewRecord, Stage, Verdict
from core.db.reviews import create_review
from core.db.studies import save_study
from core.jobs.job_folder import audit_folder
from core.review.plan import ReviewPlan
from core.review.queue import plan_review
from tests.images import write_images
from tests.studies import small_folders

__all__ = ["PairedAudit", "keep_paired_audit", "keep_review", "make_paired_audit", "say"]


@dataclass(frozen=True)
class PairedAudit:
    """Items and pairs of an audit; `id` is empty where the database does not hold it."""

    items: AuditItems
    pairs: pd.DataFrame
    id: str = ""

    def of(self, name: str) -> list[str]:
        """Item ids of a set, in its order."""
        table = self.items.to_pandas()
        return list(table.loc[table["set"] == name, "id"])


def make_paired_audit(
    data: Path,
    *,
    n_real: int = 12,
    n_heldout: int = 30,
    n_gan: int = 20,
    n_ddpm: int = 10,
    n_flagged: int = 4,
    seed: int = 0,
) -> PairedAudit:
    """Write sets of noise, in classes `a` and `b`, and make a pair of each image but the real ones.

    The first images of `gan` are flagged and have the least distances. Without held-out images, real ones
    beside their nearest other one are the controls.
    """
    rng = np.random.default_rng(seed)
    sets = {"real": n_real, "heldout": n_heldout, "gan": n_gan, "ddpm": n_ddpm}
    roles = {"real": "real", "heldout": "heldout", "gan": "synthetic", "ddpm": "synthetic"}
    rows = []
    for number, (name, n) in enumerate(sets.items()):
        folder = write_images(data / name, n, seed=seed * 10 + number, classes=("a", "b"), size=12)
        for path in sorted(folder.rglob("*.png")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            item = path.relative_to(folder).as_posix()
            rows.append(
                {
                    "id": make_item_id(name, item, digest),
                    "set": name,
                    "role": roles[name],
                    "item": item,
                    "file": item.encode(),
                    "digest": digest,
                    "label": path.parent.name,
                    "width": 12,
                    "height": 12,
                    "channels": 1,
                    "bit_depth": 8,
                }
            )
    table = pa.Table.from_pylist(rows)
    items = AuditItems(table, {name: str(data / name) for name in sets})
    real = [row["id"] for row in rows if row["set"] == "real"]
    queries = [row for row in rows if row["role"] == "synthetic" or row["set"] == "heldout"]
    if not n_heldout:
        queries += [row for row in rows if row["role"] == "real"]
    pairs = []
    for row in queries:
        order = [one["id"] for one in rows if one["set"] == row["set"]].index(row["id"])
        synthetic, flagged = row["role"] == "synthetic", row["set"] == "gan" and order < n_flagged
        distance = 0.1 + 0.01 * order if flagged else float(rng.uniform(0.6, 1.2))
        pairs.append(
            {
                "query_id": row["id"],
                "query_set": row["set"],
                "query_role": row["role"],
                "real_id": str(rng.choice([one for one in real if one != row["id"]])),
                "extractor": "pixels",
                "distance": distance,
                "rho": distance / 0.7,
                "p_value": (0.01 if flagged else distance / 2) if synthetic else None,
                "q_value": (0.05 if flagged else min(1.0, distance)) if synthetic else None,
                "flagged": flagged if synthetic else None,
                "transform": "mirrored left-right" if flagged else "as is",
                "pixel_agreement": 0.97 if flagged else 0.4,
                "overlap": 1.0,
                "warp": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
                "set": "copy" if flagged else "real" if synthetic else None,
            }
        )
    # What `load_pairs` returns.
    return PairedAudit(items, pa.Table.from_pylist(pairs, schema=PAIRS_SCHEMA).to_pandas())


def keep_paired_audit(database: Database, **sizes: int) -> PairedAudit:
    """Make one below the workspace's folder root, and keep it as an audit of a study."""
    settings = get_settings()
    made = make_paired_audit(settings.home / "data", **sizes)
    study = save_study(database, name="Films", folders=small_folders(settings.home / "data"))
    audit_id = secrets.token_hex(8)
    add_audit(database, audit_id=audit_id, study_id=study.id, summary={}, results=[])
    folder = audit_folder(settings, audit_id)
    folder.mkdir(parents=True)
    folders = {name: str(settings.home / "data" / name) for name in ("real", "heldout", "gan", "ddpm")}
    table = made.items.table.replace_schema_metadata({"medsynaudit.folders": str(folders).replace("'", '"')})
    pq.write_table(table, folder / ITEMS_FILE)
    pq.write_table(pa.Table.from_pandas(made.pairs, schema=PAIRS_SCHEMA), folder / PAIRS_FILE)
    return PairedAudit(made.items, made.pairs, audit_id)


def keep_review(
    database: Database, audit: PairedAudit, *, name: str = "First", **plan: object
) -> ReviewRecord:
    """Plan a review of an audit and keep it."""
    asked = ReviewPlan.model_validate({"n_strongest": 8, **plan})
    return create_review(
        database,
        audit_id=audit.id,
        name=name,
        created_by="Dr Ada",
        plan=asked.model_dump(mode="json"),
        pairs=plan_review(audit.pairs, audit.items, asked),
    )


def say(
    verdicts: Sequence[tuple[int, Verdict | None]] | dict[int, Verdict | None],
    *,
    stage: Stage = Stage.READING,
) -> list[NewVerdict]:
    """Verdicts with fresh tokens."""
    given = verdicts.items() if isinstance(verdicts, dict) else verdicts
    return [NewVerdict(number, verdict, secrets.token_hex(8), stage=stage) for number, verdict in given]

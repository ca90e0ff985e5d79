"""Chest-like phantom films, and a demo study of them with synthetic sets whose faults are known.

Films are greyscale, of the classes "normal" and "pneumonia", in patients with one to three films each. Every
normal film carries a burned-in "R" in its upper left corner and no pneumonia film does: a shortcut, as in
much public data. The real, held-out and fresh sets come from one process and share no patient.

Each faulty set is made from the films of `fresh`, item by item, so that a metric that moves between `fresh`
and it has seen that fault and nothing else:

================== ============================================ ==========================================
set                made how                                     seen by, against `fresh`
================== ============================================ ==========================================
`fresh`            a fresh draw of the same process, other      nothing: `fd` and `kid` at the floor,
                   patients                                     copy set as large as the held-out set's
`copies`           copies of 5 % of the real set in place of    shared duplicates; copy pairs at distance
                   as many films: half exact (in turns the      0, flipped ones only in a search under
                   same file and the same pixels encoded        flips. Set-level numbers hardly move, not
                   anew), half flipped left-right               even `privacy`: about half of all fresh
                                                                films lie in the copy set by chance
`collapsed`        films of three patients a class, repeated    `recall`, `coverage`, `feature_std`,
                   with tiny shifts, gains and noise            `variety`, `authenticity` fall, `fd` and
                                                                `kid` rise; `precision` stays high
`blurred`          each film blurred                            `fd` and `kid` rise, `precision`,
                                                                `density`, `coverage`, `recall` fall;
                                                                `variety` is misled: smooth means are
                                                                small files
`marker-inherited` the same patients and poses from a smoother  `fd` rises a little; bias: the corner
                   process (less noise and texture); normal     tells the classes apart, as in the real
                   films carry the "R" as the real ones do      set
`marker-free`      pixel for pixel `marker-inherited`, without  `fd` rises more, since the real set has
                   the "R"                                      the "R"; bias: the corner tells nothing
================== ============================================ ==========================================

`truth.csv` says of every synthetic item which fault it carries; `labels.csv` gives every item's class, and
the patient of real and held-out items.
"""

from core.datasets.phantoms.demo import SYNTHETIC_SETS, DemoStudy, write_demo
from core.datasets.phantoms.process import LABELS, Phantom, PhantomProcess, draw_phantom

__all__ = ["LABELS", "SYNTHETIC_SETS", "DemoStudy", "Phantom", "PhantomProcess", "draw_phantom", "write_demo"]

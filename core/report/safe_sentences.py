"""Which of an audit's sentences name nothing but sets, classes and extractors.

Warnings are kept as text, and some name files, folders or the labels file. What a de-identified report may
repeat is told by its wording: a sentence passes when all of it is known here, and what stands in its gaps is
a number or a name that the report shows anyway. Any other sentence is left out and counted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

__all__ = ["keep_safe_sentences"]

_NUMBER = r"[\d,]+"
_VALUE = r"-?\d[\d.e+-]*"
_SHARES = rf"(?:{_NUMBER} % (?:JPEG|WEBP|lossless|{_NUMBER}-bit|grey|colour)(?:, )?)+"
_SIDES = r"\d+(?: to \d+)? (?:slices|rows|columns)(?: and \d+(?: to \d+)? (?:rows|columns))*"
_SPACING = r"[\d.e+-]+(?: to [\d.e+-]+)?(?: x [\d.e+-]+(?: to [\d.e+-]+)?){2} mm"
_METRICS = r"(?:Membership inference|CT score|[a-z_0-9]+(?:, [a-z_0-9]+)*)"

# SET, CLASSES and EXTRACTOR stand for names that are known; the group `keep` holds what may be repeated
# where that is not the whole sentence, and `end` what is written after it.
_WORDINGS: Final = tuple(
    (re.sub(r"\s+", " ", wording).strip(), end)
    for wording, end in (
        (
            r"(?P<keep>(?:The FID Inception's weights were not found\. )?No number here is an FID: distances "
            r"between distributions use the extractor 'texture' and copies are searched with 'pixels'\. They "
            r"compare sets within this audit, not with published figures\.)(?: \(.*\))?",
            "",
        ),
        (
            r"Volumes are looked at slice by slice along three planes: after an extractor's name, @axial, "
            r"@coronal or @sagittal stands for one plane, the name alone for their mean\. Such features are "
            r"averages over slices, so no Fréchet distance of them is an FID\.",
            "",
        ),
        (r"Extractors see each volume as one picture, a montage of up to 16 axial slices\.", ""),
        (
            r"The weights given to 'EXTRACTOR' are not the published ones \(SHA-256 [0-9a-f]+\.\.\.\): its "
            r"numbers cannot be compared with published figures\.",
            "",
        ),
        (
            rf"SET and the real set differ in file format \({_SHARES} against {_SHARES}\): lossy compression "
            r"alone moves every distance\.",
            "",
        ),
        (
            rf"SET and the real set differ in bit depth \({_SHARES} against {_SHARES}\): deeper images are "
            r"scaled by their own range, 8-bit ones are not\.",
            "",
        ),
        (
            rf"SET and the real set differ in the range of their values \({_VALUE} to {_VALUE} against "
            rf"{_VALUE} to {_VALUE}\): one window shows them differently, and a policy that goes by each "
            r"image hides it\.",
            "",
        ),
        (
            rf"SET and the real set differ in channels \({_SHARES} against {_SHARES}\): use --num-channels 1 "
            r"to compare them as grey images\.",
            "",
        ),
        (r"SET and the real set have no image size in common: resizing alone moves distances\.", ""),
        (
            rf"SET has volumes of {_SIDES}, the real set of {_SIDES}: resampling alone moves distances\.",
            "",
        ),
        (
            rf"SET has voxels of {_SPACING}, the real set of {_SPACING} \(between slices, rows, columns\): "
            r"resampling alone moves distances\.",
            "",
        ),
        (
            r"SET (?:does not say how large its voxels are, the real set does|says how large its voxels are, "
            r"the real set does not): their scales may differ\.",
            "",
        ),
        (
            r"SET has the classes CLASSES, the real set CLASSES: whole-set numbers mix what is missing with "
            r"how good it is\.",
            "",
        ),
        (
            rf"SET is not separate: {_NUMBER} pictures? of it also stands? in the (?:real|held-out) set, "
            r"pixel for pixel\.",
            "",
        ),
        (
            rf"{_NUMBER} patients have images in both the real and the held-out set: held-out images are "
            r"then no fair null for privacy\.",
            "",
        ),
        (
            rf"{_NUMBER} of {_NUMBER} real (?:images|volumes) show the same picture as another one, as it "
            r"is, turned, or with another contrast: they count as one where copies are searched\.",
            "",
        ),
        (
            rf"{_NUMBER} of {_NUMBER} held-out (?:images|volumes) show the same picture as a real \(train\) "
            r"(?:image|volume), as it is, turned, or with another contrast: they are left out where "
            r"copies are calibrated, and every other number against the held-out set is too good\.",
            "",
        ),
        (r"(?P<keep>Copies could not be calibrated(?: with 'EXTRACTOR')?: too few real images) \(.*\)", "."),
        (r"(?P<keep>Copies could not be calibrated(?: with 'EXTRACTOR')?): .*", "."),
        (
            rf"(?P<keep>{_METRICS} left out with 'EXTRACTOR' for WHOSE(?:, WHOSE)*: too few images) \(.*\)",
            ".",
        ),
        (rf"(?P<keep>{_METRICS} left out): .*", "."),
        (r"(?P<keep>Bias was not analysed): .*", "."),
        (r"(?P<keep>Bias of (?:the held-out set|'SETNAME') was not analysed): .*", "."),
        (rf"{_METRICS} left out for 'SETNAME': no two of its images are of one class\.", ""),
        (rf"{_METRICS} left out for 'SETNAME': they need {_NUMBER} images\.", ""),
        (
            rf"(?:1 hidden file or folder was|{_NUMBER} hidden files or folders were) passed over \(names "
            r"that begin with a dot\)\.",
            "",
        ),
        (rf"(?P<keep>{_NUMBER} of {_NUMBER} images have no class) in .*", "."),
        (rf"(?P<keep>{_NUMBER} of {_NUMBER} images have no group): .*", "."),
        (rf"(?P<keep>{_NUMBER} of {_NUMBER} images are in no group) by .*", "."),
        (
            rf"(?P<keep>Groups of fewer than {_NUMBER} (?:real images|images of 'SETNAME') are not measured)"
            r": .*",
            ".",
        ),
        (
            r"(?P<keep>Numbers by group) \(.*\) leave out 'SETNAME'(?:, 'SETNAME')*: .*",
            " leave out sets of whose images the labels file says nothing.",
        ),
        (rf"(?P<keep>None of its {_NUMBER} images is named) in .*", " in the labels file."),
        (
            rf"{_NUMBER} images?: (?:transparency ignored|{_NUMBER}-bit colour read as 8-bit)"
            rf"(?:; {_NUMBER}-bit colour read as 8-bit)?\.",
            "",
        ),
    )
)


def keep_safe_sentences(
    sentences: Iterable[str],
    *,
    sets: Collection[str],
    classes: Collection[str],
    extractors: Collection[str],
) -> tuple[tuple[str, ...], int]:
    """Keep the sentences that name nothing else, or the part of them that does not.

    Args:
        sentences: as the audit wrote them.
        sets: names of synthetic sets.
        classes: names of classes and groups.
        extractors: names of extractors.

    Returns:
        The sentences that may be shown, in order, and how many were left out.
    """
    # A name that is quoted in a sentence stands there as Python writes it.
    name = _any_of(repr(one)[1:-1] for one in sets)
    label = _any_of(classes)
    whose = rf"(?:(?:class|group) '{_any_of(repr(one)[1:-1] for one in classes)}' of )?'{name}'"
    gaps = {
        "WHOSE": whose,
        "SETNAME": name,
        "CLASSES": rf"{label}(?:, {label})*",
        "SET": rf"(?:The held-out set|Synthetic set ['\"]{name}['\"])",
        "EXTRACTOR": _any_of(repr(one)[1:-1] for one in extractors),
    }
    patterns = []
    for wording, end in _WORDINGS:
        filled = re.sub("|".join(gaps), lambda gap: gaps[gap[0]], wording)
        patterns.append((re.compile(filled, flags=re.DOTALL), end))
    kept, n_left_out = [], 0
    for sentence in sentences:
        safe = next(filter(None, (_match(sentence, pattern, end) for pattern, end in patterns)), None)
        if safe is None:
            n_left_out += 1
        else:
            kept.append(safe)
    return tuple(kept), n_left_out


def _match(sentence: str, pattern: re.Pattern[str], end: str) -> str | None:
    found = pattern.fullmatch(sentence)
    if found is None:
        return None
    return found["keep"] + end if "keep" in pattern.groupindex else sentence


def _any_of(names: Iterable[str]) -> str:
    """A pattern of any of these names, the longest first; of nothing where there is none."""
    ordered = sorted(set(names), key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, ordered))})" if ordered else "(?!)"

"""Every error that the library raises on purpose.

The tree::

    MedSynError                    anything below; its message is one sentence for the user
    ├── InputError                 what the user handed in cannot be used
    │   ├── ImageReadError         one file cannot be read as an image
    │   │   └── IsVolumeError      it is a volume, where a single picture was asked for
    │   ├── ImageSetError          a folder or labels file cannot be used as an image set
    │   ├── OutsideRootError       a path leads out of the folder root that it must stay below
    │   ├── UnknownNameError       a registry does not hold that name (the message lists what it holds)
    │   └── TooFewImagesError      a metric needs more images than there are
    ├── WeightsError               weights are missing, damaged or of another layout
    ├── StoreError                 the workspace folder cannot be read or written
    ├── DatabaseError              the database does not answer, or is of a newer version
    └── CancelledError             the user asked for the work to stop

A message names the file or option and says what to change. Messages never carry image content,
header text or patient data.
"""

from __future__ import annotations

__all__ = [
    "CancelledError",
    "DatabaseError",
    "ImageReadError",
    "ImageSetError",
    "InputError",
    "IsVolumeError",
    "MedSynError",
    "OutsideRootError",
    "StoreError",
    "TooFewImagesError",
    "UnknownNameError",
    "WeightsError",
]


class MedSynError(Exception):
    """Root of the tree; `str(error)` is one sentence that can be shown as it is."""


class InputError(MedSynError):
    """What the user handed in cannot be used."""


class ImageReadError(InputError):
    """One file cannot be read as an image; the message is the reason, without the path."""


class IsVolumeError(ImageReadError):
    """One file is a volume, where a single picture was asked for."""


class ImageSetError(InputError):
    """A folder or labels file cannot be used as an image set."""


class OutsideRootError(InputError):
    """A path leads out of the folder root that it must stay below."""


class UnknownNameError(InputError):
    """A registry does not hold the name asked for; the message lists the names it holds."""


class TooFewImagesError(InputError):
    """A metric needs more images than there are."""


class WeightsError(MedSynError):
    """Weights are missing, damaged or of another layout."""


class StoreError(MedSynError):
    """The workspace folder cannot be read or written."""


class CancelledError(MedSynError):
    """The user asked for the work to stop; what was finished stays valid."""


class DatabaseError(MedSynError):
    """The database does not answer, or is of a newer version."""

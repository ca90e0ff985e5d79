"""Small DICOM files, written with pydicom."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

KEY = b"k" * 32
LIMIT = 1_000_000
SERIES = generate_uid(entropy_srcs=["series"])
SECRET = "Doe^Jane"


def make_dataset(pixels: np.ndarray, **elements: Any) -> Dataset:
    """A data set that holds (rows, columns), (frames, rows, columns) or, with 3 samples, one axis more."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["file"])
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.PatientName, dataset.PatientID = CTImageStorage, SECRET, "patient-77"
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    dataset.SeriesInstanceUID, dataset.Modality = SERIES, "CT"
    samples = 3 if elements.get("PhotometricInterpretation", "MONOCHROME2") in COLOURS else 1
    shape = pixels.shape[: pixels.ndim - (samples == 3)]
    if len(shape) == 3:
        dataset.NumberOfFrames = shape[0]
    dataset.Rows, dataset.Columns = shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = samples, "MONOCHROME2"
    if samples == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    for name, value in elements.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    if "HighBit" not in elements:
        dataset.HighBit = dataset.BitsStored - 1
    data = pixels.tobytes()
    dataset.PixelData = data + b"\x00" * (len(data) % 2)
    dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
    return dataset


COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422")


def write(dataset: Dataset, *, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """The bytes of a file."""
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    pydicom.dcmwrite(
        stream,
        dataset,
        enforce_file_format=True,
        implicit_vr=pydicom.uid.UID(syntax).is_implicit_VR,
        little_endian=pydicom.uid.UID(syntax).is_little_endian,
    )
    return stream.getvalue()


def make_file(pixels: np.ndarray, **elements: Any) -> bytes:
    """The bytes of a file with these pixels."""
    return write(make_dataset(pixels, **elements))


def read_again(data: bytes) -> Dataset:
    """What pydicom makes of a file."""
    return pydicom.dcmread(io.BytesIO(data))

"""DICOM files: what a header says within limits, values in their own unit, and series in their order."""

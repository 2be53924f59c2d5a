"""Detections on their way into files."""

from atmda.report.detections.file import DetectionFile
from atmda.report.detections.place import detection_place

__all__ = ["DetectionFile", "detection_place"]

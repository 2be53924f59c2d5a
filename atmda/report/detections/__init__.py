"""Detections on their way into files."""

from atmda.report.detections.file import DetectionFile
from atmda.report.detections.place import Place, detection_place

__all__ = ["DetectionFile", "Place", "detection_place"]

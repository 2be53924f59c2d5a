"""The report of a study, and its figures and tables."""

from atmda.report.study.confusion import confusion_of
from atmda.report.study.data import Confusion, StudyData
from atmda.report.study.document import write_study_report

__all__ = ["Confusion", "StudyData", "confusion_of", "write_study_report"]

"""The statistics of a classification as plain rows: `analyse` one set of clips, `joined` and `averaged` for many."""

from atmda.tasks.statistics.analysis import analyse
from atmda.tasks.statistics.many import averaged, joined
from atmda.tasks.statistics.study_statistics import StudyStatistics

__all__ = ["StudyStatistics", "analyse", "averaged", "joined"]

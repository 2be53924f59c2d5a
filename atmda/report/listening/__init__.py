"""A page to look and listen: what was heard when, and examples of it with sound, spectrogram and scores."""

from atmda.report.listening.document import Section, check_page, write_page
from atmda.report.listening.example import Example, Profiles
from atmda.report.listening.page import ListeningPage

__all__ = ["Example", "ListeningPage", "Profiles", "Section", "check_page", "write_page"]

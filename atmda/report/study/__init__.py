"""The report of a study, its figures and tables: `document.write_study_report` writes a `data.StudyData`."""

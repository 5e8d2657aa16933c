"""Bring in corpora of other formats. Nothing is copied unless asked for."""

from workbench.importers.importing import FORMATS, ImportReport, import_corpus

__all__ = ["FORMATS", "ImportReport", "import_corpus"]

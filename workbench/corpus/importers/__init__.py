"""Bring in corpora of other formats. Nothing is copied unless asked for."""

from workbench.corpus.importers.importer import FORMATS, ImportReport, import_corpus

__all__ = ["FORMATS", "ImportReport", "import_corpus"]

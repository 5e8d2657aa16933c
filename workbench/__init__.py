"""Suki Workbench: how accurate and how fast is streaming clinical speech recognition?

::

    import workbench as wb

    clean = wb.run("clinic", limit=8)
    noisy = wb.run("clinic", limit=8, noise="pink", snr_db=20)
    noisy.recordings
    clean.compare(noisy)

Names are imported when they are first used, so that ``workbench --help`` stays fast.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "AlignmentReport": "workbench.corpus.align",
    "AudioConfig": "workbench.audio.config",
    "AudioError": "workbench.errors",
    "Calibrated": "workbench.reporting.judged",
    "Calibration": "workbench.instrument.calibration",
    "Cell": "workbench.runs.sweep",
    "CellScore": "workbench.scoring.cells",
    "Clip": "workbench.reporting.session",
    "Compared": "workbench.reporting.judged",
    "ConfigurationError": "workbench.errors",
    "Corpus": "workbench.corpus",
    "CorpusError": "workbench.errors",
    "Credentials": "workbench.settings",
    "Diff": "workbench.reporting.session",
    "DiffWord": "workbench.scoring.word_diff",
    "GateResult": "workbench.comparing.gate",
    "Gated": "workbench.reporting.judged",
    "ImportReport": "workbench.corpus.importers",
    "InputError": "workbench.errors",
    "LocalProtocolError": "workbench.errors",
    "MeasurementError": "workbench.errors",
    "Normaliser": "workbench.scoring.metrics.normalize",
    "Problem": "workbench.corpus",
    "Reference": "workbench.reference",
    "RemoteProtocolError": "workbench.errors",
    "Run": "workbench.reporting.notebook",
    "RunComparison": "workbench.comparing.runs",
    "RunKeywords": "workbench.runs.keywords",
    "RunResult": "workbench.runs.result",
    "Secret": "workbench.settings",
    "ServiceError": "workbench.errors",
    "Session": "workbench.reporting.session",
    "SessionRecord": "workbench.recording.record",
    "SessionScore": "workbench.scoring.session",
    "Settings": "workbench.settings",
    "StoreError": "workbench.errors",
    "StoredRun": "workbench.store",
    "SweepKeywords": "workbench.runs.keywords",
    "Term": "workbench.reference",
    "TextScore": "workbench.scoring.text",
    "Utterance": "workbench.corpus",
    "WorkbenchError": "workbench.errors",
    "align_corpus": "workbench.api",
    "calibrate": "workbench.api",
    "check_corpus": "workbench.api",
    "compare": "workbench.api",
    "compare_async": "workbench.api",
    "gate": "workbench.api",
    "import_corpus": "workbench.api",
    "list_runs": "workbench.api",
    "load": "workbench.api",
    "load_async": "workbench.api",
    "load_corpus": "workbench.api",
    "normaliser": "workbench.scoring.metrics.normalize",
    "resume": "workbench.api",
    "resume_async": "workbench.api",
    "run": "workbench.api",
    "run_async": "workbench.api",
    "score_text": "workbench.scoring.text",
    "sweep": "workbench.api",
    "sweep_async": "workbench.api",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604  names, as a test checks


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The interface alone: what a prompt offers after a tab."""
    return sorted(__all__)

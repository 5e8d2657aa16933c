# What __init__.py imports when it is first used.
from workbench.api import (
    align_corpus,
    calibrate,
    check_corpus,
    compare,
    compare_async,
    gate,
    import_corpus,
    list_runs,
    load,
    load_async,
    load_corpus,
    resume,
    resume_async,
    run,
    run_async,
    sweep,
    sweep_async,
)
from workbench.audio.config import AudioConfig
from workbench.comparing.gate import GateResult
from workbench.comparing.runs import RunComparison
from workbench.corpus import Corpus, Problem, Utterance
from workbench.corpus.align import AlignmentReport
from workbench.corpus.importers import ImportReport
from workbench.errors import (
    AudioError,
    ConfigurationError,
    CorpusError,
    InputError,
    LocalProtocolError,
    MeasurementError,
    RemoteProtocolError,
    ServiceError,
    StoreError,
    WorkbenchError,
)
from workbench.instrument.calibration import Calibration
from workbench.recording.record import SessionRecord
from workbench.reference import Reference, Term
from workbench.reporting.judged import Calibrated, Compared, Gated
from workbench.reporting.notebook import Run
from workbench.reporting.session import Clip, Diff, Session
from workbench.runs.keywords import RunKeywords, SweepKeywords
from workbench.runs.result import RunResult
from workbench.runs.sweep import Cell
from workbench.scoring.cells import CellScore
from workbench.scoring.metrics.normalize import Normaliser, normaliser
from workbench.scoring.session import SessionScore
from workbench.scoring.text import TextScore, score_text
from workbench.scoring.word_diff import DiffWord
from workbench.settings import Credentials, Secret, Settings
from workbench.store import StoredRun

__version__: str
__all__ = [
    "AlignmentReport",
    "AudioConfig",
    "AudioError",
    "Calibrated",
    "Calibration",
    "Cell",
    "CellScore",
    "Clip",
    "Compared",
    "ConfigurationError",
    "Corpus",
    "CorpusError",
    "Credentials",
    "Diff",
    "DiffWord",
    "GateResult",
    "Gated",
    "ImportReport",
    "InputError",
    "LocalProtocolError",
    "MeasurementError",
    "Normaliser",
    "Problem",
    "Reference",
    "RemoteProtocolError",
    "Run",
    "RunComparison",
    "RunKeywords",
    "RunResult",
    "Secret",
    "ServiceError",
    "Session",
    "SessionRecord",
    "SessionScore",
    "Settings",
    "StoreError",
    "StoredRun",
    "SweepKeywords",
    "Term",
    "TextScore",
    "Utterance",
    "WorkbenchError",
    "__version__",
    "align_corpus",
    "calibrate",
    "check_corpus",
    "compare",
    "compare_async",
    "gate",
    "import_corpus",
    "list_runs",
    "load",
    "load_async",
    "load_corpus",
    "normaliser",
    "resume",
    "resume_async",
    "run",
    "run_async",
    "score_text",
    "sweep",
    "sweep_async",
]

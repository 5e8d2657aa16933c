# What __init__.py imports when it is first used.
from workbench.api import (
    align_corpus,
    calibrate,
    check_corpus,
    compare,
    compare_async,
    import_corpus,
    load,
    load_async,
    load_corpus,
    run,
    run_async,
    sweep,
    sweep_async,
)
from workbench.audio.config import AudioConfig
from workbench.corpus import Corpus
from workbench.errors import ConfigurationError, InputError, MeasurementError, ServiceError, StoreError, WorkbenchError
from workbench.inspection import Session
from workbench.metrics.normalize import normaliser
from workbench.reference import Reference
from workbench.results import Compared, Run
from workbench.scoring import CellScore, SessionScore
from workbench.sweep import Cell

__version__: str
__all__ = [
    "AudioConfig",
    "Cell",
    "CellScore",
    "Compared",
    "ConfigurationError",
    "Corpus",
    "InputError",
    "MeasurementError",
    "Reference",
    "Run",
    "ServiceError",
    "Session",
    "SessionScore",
    "StoreError",
    "WorkbenchError",
    "__version__",
    "align_corpus",
    "calibrate",
    "check_corpus",
    "compare",
    "compare_async",
    "import_corpus",
    "load",
    "load_async",
    "load_corpus",
    "normaliser",
    "run",
    "run_async",
    "sweep",
    "sweep_async",
]

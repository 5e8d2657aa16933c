"""Suki Workbench: how accurate and how fast is streaming clinical speech recognition?

::

    import workbench as wb

    run = wb.run("clinic", limit=8, noise="pink", snr_db=20)
    run.df
    wb.compare(wb.load("last"), run)

Names are imported when they are first used, so that ``workbench --help`` stays fast.
"""

import sys
from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

_HOMES = {
    "AudioConfig": "workbench.audio.config",
    "Cell": "workbench.sweep",
    "CellScore": "workbench.scoring",
    "Compared": "workbench.results",
    "ConfigurationError": "workbench.errors",
    "Corpus": "workbench.corpus",
    "InputError": "workbench.errors",
    "MeasurementError": "workbench.errors",
    "Reference": "workbench.reference",
    "Run": "workbench.results",
    "ServiceError": "workbench.errors",
    "Session": "workbench.inspection",
    "SessionScore": "workbench.scoring",
    "StoreError": "workbench.errors",
    "WorkbenchError": "workbench.errors",
    "align_corpus": "workbench.api",
    "calibrate": "workbench.api",
    "check_corpus": "workbench.api",
    "compare": "workbench.api",
    "compare_async": "workbench.api",
    "import_corpus": "workbench.api",
    "load": "workbench.api",
    "load_async": "workbench.api",
    "load_corpus": "workbench.api",
    "normaliser": "workbench.metrics.normalize",
    "run": "workbench.api",
    "run_async": "workbench.api",
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
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps the name of a function from being taken by the module of the same name.

    Whoever imports ``workbench.compare`` binds that module to this package; ``wb.compare(...)`` must stay the function.
    ``from workbench.compare import …`` finds the module all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

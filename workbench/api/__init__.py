"""The Python interface: play, load and compare runs in one call each, with results that notebooks can show.

Nothing is computed here that the command line does not compute. Every function works in a plain script and in a
notebook, where an event loop is already running; those that play or read whole runs also exist for asynchronous code,
under their name with ``_async``.
"""

from workbench.api.corpora import align_corpus, check_corpus, import_corpus, load_corpus
from workbench.api.play import calibrate, resume, resume_async, run, run_async, sweep, sweep_async
from workbench.api.stored import compare, compare_async, gate, list_runs, load, load_async

__all__ = [
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
    "resume",
    "resume_async",
    "run",
    "run_async",
    "sweep",
    "sweep_async",
]

"""The functions of ``scipy.special`` that intervals and tests need, without the rest of that package.

To import all of it takes ten times as long as NumPy, longer than everything else that ``show`` does: it loads the
tools of NumPy that wrap Fortran, and reads its own documentation. The functions themselves, the same objects, are there
in a tenth of that.
"""

from __future__ import annotations

import sys
import threading
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["special"]

_PACKAGE = "scipy.special"


@cache
def special() -> Any:  # noqa: ANN401  SciPy has no types
    """What has ``stdtrit``, ``betaincinv``, ``ndtr`` and their like."""
    # Nobody else may meet the package while its beginning is left out.
    if _PACKAGE in sys.modules or threading.active_count() > 1:
        return import_module(_PACKAGE)
    import scipy

    empty = ModuleType(_PACKAGE)
    empty.__path__ = [str(Path(scipy.__file__).parent / "special")]
    sys.modules[_PACKAGE] = empty
    try:
        return import_module(f"{_PACKAGE}._ufuncs")
    except ImportError:  # a SciPy that is built otherwise
        pass
    finally:
        del sys.modules[_PACKAGE]
    return import_module(_PACKAGE)

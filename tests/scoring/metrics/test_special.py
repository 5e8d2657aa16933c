"""The functions that intervals need are SciPy's own, wherever they are taken from."""

import subprocess
import sys
import threading

AT = {
    "bdtr": (1, 3, 0.2), "betaincinv": (3, 4, 0.2), "expit": (0.3,), "gammaincinv": (3, 0.2), "logit": (0.3,),
    "ndtr": (0.3,), "ndtri": (0.3,), "stdtr": (11, 2.2), "stdtrit": (11, 0.975),
}  # fmt: skip
CODE = f"""
import sys
from workbench.scoring.metrics.special import special
ours = special()
assert "scipy.special" not in sys.modules
import scipy.optimize, scipy.stats
from scipy import special as theirs
for name, at in {AT!r}.items():
    assert getattr(ours, name)(*at) == getattr(theirs, name)(*at), name
print("equal")
"""


def test_they_are_there_without_the_rest_and_the_rest_comes_later():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == "equal\n"


def test_the_whole_package_is_taken_where_another_thread_might_meet_half_of_it(monkeypatch):
    from workbench.scoring.metrics.special import special

    monkeypatch.setattr(threading, "active_count", lambda: 2)
    special.cache_clear()
    assert special().__name__ == "scipy.special"
    special.cache_clear()

"""How long it takes until the command line answers.

Usage: python benchmarks/startup.py [--json]
"""

from __future__ import annotations

import subprocess
import sys
import time

from figures import Figure, show


def best_s(*arguments: str) -> float:
    taken = []
    for _ in range(7):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return min(taken)


def main() -> None:
    show(
        "Start-up, best of seven",
        [
            Figure("python alone", best_s("-c", "pass"), "s"),
            Figure("import workbench", best_s("-c", "import workbench"), "s"),
            Figure("workbench --help", best_s("-m", "workbench", "--help"), "s", target=0.25),
            Figure("workbench run --help", best_s("-m", "workbench", "run", "--help"), "s"),
        ],
    )


if __name__ == "__main__":
    main()

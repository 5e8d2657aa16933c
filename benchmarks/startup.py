"""How long it takes until the command line answers.

Usage: python benchmarks/startup.py [--json]
"""

from __future__ import annotations

from figures import Figure, command_s, show


def best_s(*arguments: str) -> float:
    return min(command_s(*arguments, times=7))


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

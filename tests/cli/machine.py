"""Rows about the machine: full disks, folders that cannot be written, Ctrl-C, readers that leave.

`tests/cli/test_ending.py` plays each in a process of its own; the table of `docs/own-data.md` is made of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["FULL", "ROWS", "MachineRow"]

FULL = "/dev/full"
IMPORT = ("datasets", "import", "table", "list.csv")
REFUSED = "the corpus cannot be written here"
RUN = ("run", "--model", "general", "--limit", "2")


@dataclass(frozen=True)
class MachineRow:
    """A command on a machine that does not let it: its exit code, and its line if it says one.

    Attributes:
        kind: first column of the table.
        arguments: what is called in a folder with ``manifest.jsonl``, ``a.wav``, ``list.csv`` and a run in ``runs``.
        status: exit code.
        says: part of the one line on stderr; None for none.
        then: what is true afterwards, for readers.
        gone, kept: files that must not exist, and those that are as before.
        limit: largest file in bytes.
        stdout: where it goes: a device, or ``gone`` for a pipe whose reader has left.
        env: of the process.
        interrupts: seconds to each Ctrl-C.
    """

    kind: str
    arguments: tuple[str, ...]
    status: int
    says: str | None = None
    then: str = ""
    gone: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    limit: int | None = None
    stdout: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    interrupts: tuple[float, ...] = ()
    slow: bool = False

    def text(self) -> str:
        """Second column."""
        line = f"one line: *{self.says}*" if self.says else "no message"
        return f"{line}, exit {self.status}" + (f"; {self.then}" if self.then else "")


NO_HOME = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null/cache"}

ROWS = [
    MachineRow("disk full at an import, at its first byte", (*IMPORT, "out"), 2, f"{REFUSED} (got file too large)",
               "no folder and no empty file is left", ("out",), limit=0),
    MachineRow("disk full at an import, inside the manifest", (*IMPORT, "out"), 2, f"{REFUSED} (got file too large)",
               "no folder and no empty file is left", ("out",), limit=150),
    MachineRow("disk full at an import with `--copy`", (*IMPORT, "out", "--copy"), 2, REFUSED,
               "no folder and no empty file is left", ("out",), limit=2_000),
    MachineRow("disk full at a report", ("report", "--store", "runs", "--output", "new.html"), 2,
               "the report cannot be written", "nothing is left", ("new.html",), limit=1_000, slow=True),
    MachineRow("disk full at a report that replaces one", ("report", "--store", "runs", "--output", "old.html"), 2,
               "the report cannot be written", "the old one stays", kept=("old.html",), limit=1_000, slow=True),
    MachineRow("disk full at an export", ("runs", "export", "--store", "runs", "--format", "csv", "--output", "x.csv"),
               1, "a file may not grow further here", "nothing is left", ("x.csv",), limit=10),
    MachineRow("disk full behind `>`", ("datasets", "list"), 1, "no space left on device", stdout=FULL),
    MachineRow("target of an import below a file", (*IMPORT, "/dev/null/x"), 2, f"/dev/null/x: {REFUSED}"),
    MachineRow("target of an import in a folder that takes no files", (*IMPORT, "/proc/nothing"), 2, REFUSED),
    MachineRow("HOME and cache that cannot be written", ("datasets", "check", "."), 0, then="nothing is cached",
               env=NO_HOME),
    MachineRow("`… | head`, help", ("--help",), 141, stdout="gone"),
    MachineRow("`… | head`, a table", ("datasets", "list"), 141, stdout="gone"),
    MachineRow("`… | head`, JSON", ("datasets", "list", "--json"), 141, stdout="gone"),
    MachineRow("Ctrl-C while modules are loaded (0.3 s)", RUN, 130, "interrupted", interrupts=(0.3,), slow=True),
    MachineRow("Ctrl-C twice while modules are loaded", RUN, 130, "interrupted", interrupts=(0.4, 0.1), slow=True),
    MachineRow("Ctrl-C while the simulator starts", RUN, 130, "workbench: ", interrupts=(2.0,), slow=True),
    MachineRow("Ctrl-C twice while the simulator starts", RUN, 130, "workbench: ", interrupts=(2.0, 0.1), slow=True),
    MachineRow("Ctrl-C twice while sessions are played", RUN, 130, "workbench: ", interrupts=(5.0, 0.3), slow=True),
]  # fmt: skip

"""Errors, split by what the caller can do about them.

::

    WorkbenchError                  every error a user can see; one line, never a traceback
    ├── InputError                  mend the input: a file, a manifest row, a flag          (exit 2)
    │   ├── AudioError              an audio file that cannot be used
    │   └── CorpusError             a manifest or its rows
    ├── ConfigurationError          mend settings or credentials                            (exit 4)
    ├── ServiceError                the service could not be reached or refused             (exit 5)
    ├── LocalProtocolError          our own code called the protocol in the wrong order     (exit 1)
    ├── RemoteProtocolError         the peer broke the contract                             (exit 5)
    ├── StoreError                  a run that is damaged, locked or cannot be written      (exit 1)
    └── MeasurementError            a number that must not be trusted                       (exit 6)

Each carries data and speaks once: which item, what was wrong, what was got, what was expected, what to do next.
None of them ever holds a token or the text of a transcript.
"""

from __future__ import annotations

__all__ = [
    "AudioError",
    "ConfigurationError",
    "CorpusError",
    "InputError",
    "LocalProtocolError",
    "MeasurementError",
    "RemoteProtocolError",
    "ServiceError",
    "StoreError",
    "WorkbenchError",
]


class WorkbenchError(Exception):
    """Something went wrong that the user should read about in one line.

    Args:
        problem: what is wrong, as a clause without a full stop.
        item: the file, row, flag, session or address it concerns.
        got: the offending value, already safe to show.
        expected: what would have been accepted.
        action: what to do next, as an imperative sentence.
    """

    exit_code = 1

    def __init__(
        self,
        problem: str,
        *,
        item: str | None = None,
        got: object = None,
        expected: str | None = None,
        action: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.item = item
        self.got = got
        self.expected = expected
        self.action = action

    def __str__(self) -> str:
        """Say it in one line: ``item: problem (got …; expected …). Action``."""
        text = f"{self.item}: {self.problem}" if self.item else self.problem
        facts = []
        if self.got is not None:
            facts.append(f"got {self.got}")
        if self.expected:
            facts.append(f"expected {self.expected}")
        if facts:
            text += f" ({'; '.join(facts)})"
        if self.action:
            text += f". {self.action}"
        # A library's message may span lines; a user's log line may not.
        return " ".join(text.split())

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders (recogniser workers), keyword arguments included."""
        fields = {k: getattr(self, k) for k in ("item", "got", "expected", "action")}
        return (_rebuild, (type(self), self.problem, fields))


def _rebuild(kind: type[WorkbenchError], problem: str, fields: dict[str, object]) -> WorkbenchError:
    return kind(problem, **fields)  # type: ignore[arg-type]


class InputError(WorkbenchError):
    """The input has to be mended: a file, a row of a manifest, a flag."""

    exit_code = 2


class AudioError(InputError):
    """An audio file that cannot be read or used."""


class CorpusError(InputError):
    """A manifest, or a row of one, that cannot be used."""


class ConfigurationError(WorkbenchError):
    """Settings or credentials are missing or refused."""

    exit_code = 4


class ServiceError(WorkbenchError):
    """The service could not be reached, or refused.

    Attributes:
        status: HTTP status, or None when no answer came.
        error_id: the stable id at the start of the answer's ``message`` (S-31), or None.
        retry_after_s: seconds after which the service asks for another try, or None.
    """

    exit_code = 5

    def __init__(
        self,
        problem: str,
        *,
        item: str | None = None,
        got: object = None,
        expected: str | None = None,
        action: str | None = None,
        status: int | None = None,
        error_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(problem, item=item, got=got, expected=expected, action=action)
        self.status = status
        self.error_id = error_id
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[object, ...]:
        """Keep status and error id across process borders."""
        names = ("item", "got", "expected", "action", "status", "error_id", "retry_after_s")
        fields = {k: getattr(self, k) for k in names}
        return (_rebuild, (type(self), self.problem, fields))


class LocalProtocolError(WorkbenchError):
    """We called the protocol in an order it does not allow: a fault of this program."""


class RemoteProtocolError(WorkbenchError):
    """The peer sent something the contract does not allow.

    Attributes:
        close_code: the RFC 6455 code a server closes with when it meets this (7.4.1): 1002 broken order,
            1003 binary data, 1007 undecodable text, 1008 policy, 1009 too big.
    """

    exit_code = 5

    def __init__(
        self,
        problem: str,
        *,
        item: str | None = None,
        got: object = None,
        expected: str | None = None,
        action: str | None = None,
        close_code: int = 1008,
    ) -> None:
        super().__init__(problem, item=item, got=got, expected=expected, action=action)
        self.close_code = close_code

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the close code across process borders."""
        fields = {k: getattr(self, k) for k in ("item", "got", "expected", "action", "close_code")}
        return (_rebuild, (type(self), self.problem, fields))


class StoreError(WorkbenchError):
    """A stored run is damaged, locked by another writer, or cannot be written."""


class MeasurementError(WorkbenchError):
    """There is a number, and it must not be trusted."""

    exit_code = 6

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

import re

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

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What moves a cursor, changes the order of signs or starts a sequence that a terminal obeys."""


def visible(text: str, keep: str = "") -> str:
    r"""A text that a terminal only shows: control characters, and what turns the order of signs, in brackets.

    Args:
        text: from anywhere.
        keep: characters that stay, such as the line feed.

    >>> visible("a\x1b[31mb"), visible("x\n\x9b", keep="\n"), visible("é \u202e")
    ('a<1B>[31mb', 'x\n<9B>', 'é <202E>')
    """
    return _CONTROL.sub(lambda sign: sign[0] if sign[0] in keep else f"<{ord(sign[0]):02X}>", text)


def escaped(json: str) -> str:
    """JSON text with the same content, in which no sign is one that a terminal obeys."""
    return _CONTROL.sub(lambda sign: sign[0] if sign[0] in "\n\t\r" else f"\\u{ord(sign[0]):04x}", json)


class WorkbenchError(Exception):
    """Base class of all errors; its text is one line for the user.

    Args:
        problem: what is wrong, as a clause without a full stop.
        item: the file, row, parameter, session or address it concerns.
        got: the offending value, already safe to show.
        expected: what would have been accepted.
        action: what to do next, as an imperative sentence.

    >>> str(WorkbenchError("no such file", item="a.wav", expected="a recording", action="Check the path"))
    'a.wav: no such file (expected a recording). Check the path'
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
        # A library's message may span lines; a user's log line may not. What came from elsewhere moves no cursor.
        return visible(" ".join(text.split()))

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders (recogniser workers), keyword arguments included."""
        fields = {k: getattr(self, k) for k in ("item", "got", "expected", "action")}
        return (_rebuild, (type(self), self.problem, fields))


def _rebuild(kind: type[WorkbenchError], problem: str, fields: dict[str, object]) -> WorkbenchError:
    return kind(problem, **fields)  # type: ignore[arg-type]


class InputError(WorkbenchError):
    """The input must be corrected: a file, a row of a manifest, an option.

    >>> wb.run("my-corpus", noise="pnk")
    Traceback (most recent call last):
    workbench.errors.InputError: noise: setting not allowed (got pnk; ...)
    """

    exit_code = 2


class AudioError(InputError):
    """An audio file that cannot be read or used.

    >>> issubclass(AudioError, InputError), AudioError.exit_code
    (True, 2)
    """


class CorpusError(InputError):
    """A manifest, or a row of one, that cannot be used.

    >>> wb.load_corpus("nothing")
    Traceback (most recent call last):
    workbench.errors.CorpusError: ...
    """


class ConfigurationError(WorkbenchError):
    """Settings or credentials are missing or refused.

    >>> wb.run("my-corpus", endpoint="http://example.com")
    Traceback (most recent call last):
    workbench.errors.ConfigurationError: endpoint: plain HTTP would send credentials and speech in the clear ...
    """

    exit_code = 4


class ServiceError(WorkbenchError):
    """The service could not be reached, or refused.

    Attributes:
        status: HTTP status, or None if no answer came.
        error_id: the stable id at the start of the answer's ``message`` (S-31), or None.
        retry_after_s: seconds after which the service asks for another try, or None.

    >>> ServiceError("refused", status=503, retry_after_s=2.0).retry_after_s
    2.0
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
    """The workbench called the protocol in an order that it does not allow: a fault of the workbench.

    >>> LocalProtocolError.exit_code
    1
    """


class RemoteProtocolError(WorkbenchError):
    """The peer sent something that the contract does not allow.

    Attributes:
        close_code: the RFC 6455 code a server closes with when it meets this (7.4.1): 1002 broken order,
            1003 binary data, 1007 undecodable text, 1008 policy, 1009 too big.

    >>> RemoteProtocolError("too big", close_code=1009).close_code
    1009
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
    """A stored run is damaged, locked by another writer, or cannot be written.

    >>> wb.load("nothing")
    Traceback (most recent call last):
    workbench.errors.StoreError: ...
    """


class MeasurementError(WorkbenchError):
    """A measurement must not be trusted.

    >>> MeasurementError.exit_code
    6
    """

    exit_code = 6

"""The last line of defence of a log: what looks like a secret or like speech is blotted out before it is written.

Nothing of this package logs secrets or transcripts in the first place. Libraries are another matter: at DEBUG an HTTP
client writes headers, and a WebSocket library writes frames.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from workbench.errors import visible
from workbench.settings import TOKEN, Secret

__all__ = ["RedactingFilter", "redact"]

_BLOT = "***"
_NAMES = (
    r"sdp_suki_token|suki_token|partner_token|partnerSecret|sdpSukiToken|jwt_bearer|authorization|x-api-key|"
    r"x-control-token|sec-websocket-protocol|control_token"
)
_SPEECH = r"transcript|final_transcript|audioData|summary|content"
_PATTERNS = (
    TOKEN,
    # name, then quotes, a colon, an equals sign or a comma, then the value up to its end.
    re.compile(rf"(?i)(\b(?:{_NAMES})\b[\"']?\s*[:=,]\s*b?)(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s\"',;)}}\]]+)"),
    re.compile(rf"(\"(?:{_SPEECH})\"\s*:\s*)\"(?:[^\"\\]|\\.)*\"?"),
    re.compile(r"[A-Za-z0-9+/]{120,}={0,2}"),  # audio in Base64
)


def redact(text: str, secrets: Iterable[Secret] = ()) -> str:
    """``text`` without the secrets given, and without what looks like one or like speech.

    >>> redact("headers {'sdp_suki_token': 'abc', 'accept': '*/*'}")
    "headers {'sdp_suki_token': ***, 'accept': '*/*'}"
    >>> redact("got hunter2", [Secret("hunter2")])
    'got ***'
    """
    for secret in secrets:
        text = text.replace(secret.reveal(), _BLOT)
    for pattern in _PATTERNS:
        text = pattern.sub(lambda match: (match.group(1) if match.re.groups else "") + _BLOT, text)
    return text


class RedactingFilter(logging.Filter):
    """Rewrites every record of the handler that it is put on; a traceback becomes the name of its error.

    Args:
        secrets: known ones, blotted out wherever they stand.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret.reveal()]

    def filter(self, record: logging.LogRecord) -> bool:
        """Never drops a record."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # arguments that do not fit; logging would print them
            text = str(record.msg)
        if record.exc_info and record.exc_info[0] is not None:
            # Its message and its lines may hold what was being handled.
            text = f"{text.strip()}: {record.exc_info[0].__name__}"
        record.msg, record.args = visible(redact(text, self._secrets), keep="\n"), None
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        return True

"""Names of sessions for files and for tools that know no blanks: safe, unique, and listed so that they lead back."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable

from workbench.recording.record import Place, SessionKey

__all__ = ["mapping_text", "session_names"]

_LONGEST = 100
"""Characters: with its ending a name stays under the 255 bytes of most file systems, in any script."""


def session_names(keys: Iterable[SessionKey]) -> dict[Place, str]:
    """A name for each session: ``configuration-utterance-repeat`` where that is safe and unique.

    Letters of any script, digits and ``.+=-_`` stay. Names that would be changed, too long, or equal but for case get
    a hash of the whole key behind them, so that no two sessions share a file on any file system.
    """
    places = list(dict.fromkeys(key.place for key in keys))
    plain = {place: "-".join(map(str, place)) for place in places}
    # More than one: a-b of c is spelled like a of b-c.
    spelled = Counter(name.casefold() for name in plain.values())
    names = {}
    for place, name in plain.items():
        safe = re.sub(r"[^\w.+=-]", "_", name).lstrip(".")[:_LONGEST]
        if safe != name or spelled[name.casefold()] > 1:
            digest = hashlib.sha256("\0".join(map(str, place)).encode("utf-8", "surrogatepass")).hexdigest()
            safe = f"{safe}-{digest[:10]}"
        names[place] = safe
    return names


def mapping_text(names: dict[Place, str]) -> str:
    """The list that leads back, as CSV: name, configuration, utterance, repeat."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("name", "configuration", "utterance", "repeat"))
    writer.writerows((name, *place) for place, name in names.items())
    return buffer.getvalue()

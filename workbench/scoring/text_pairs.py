"""Files of references and transcripts: pairs as JSON lines, or one file each as .trn, .ctm, STM or SegLST.

An error names the file, the line, what was got and what is expected, and never holds a word of a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.reference import Reference, Term
from workbench.scoring.text import TextPair, term_of

__all__ = ["load_pairs"]

_KEYS = ("id", "reference", "hypothesis", "spoken", "terms")
_TRN = re.compile(r"^(.*)\(([^()]+)\)\s*$")
Texts = dict[str, str]


def load_pairs(path: Path, hypotheses: Path | None = None) -> list[TextPair]:
    """Pairs of a file, in its order.

    Args:
        path: JSON lines with ``reference``, ``hypothesis``, optional ``id`` (else the line), ``spoken`` and ``terms``;
            with ``hypotheses`` the references as .trn, .ctm, .stm or SegLST (.json).
        hypotheses: the transcripts, in any of these formats, by the same names.

    Raises:
        InputError: what is wrong in which line.
    """
    if hypotheses is None:
        if path.suffix.lower() in _READERS:
            raise InputError(
                "a file of references without one of transcripts", item=str(path), got=path.suffix,
                action="Name the file of transcripts too, or give pairs as JSON lines",
            )  # fmt: skip
        pairs = [_pair(row, f"{path} line {number}") for number, row in _json_lines(path)]
        _once([pair.id for pair in pairs], path)
    else:
        references, heard = _texts(path), _texts(hypotheses)
        if missing := [name for name in references if name not in heard]:
            raise InputError(
                "an utterance without a transcript", item=str(hypotheses), got=f"none for {missing[0]}"
                + (f" and {len(missing) - 1} more" if len(missing) > 1 else ""), expected=f"all names of {path}",
            )  # fmt: skip
        pairs = [TextPair(name, Reference(text, text), heard[name]) for name, text in references.items()]
    if not pairs:
        raise InputError("no pair in this file", item=str(path), expected="at least one")
    return pairs


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            "a file that is not UTF-8", item=str(path), got=f"byte {error.start}", expected="UTF-8"
        ) from None
    except OSError as error:
        raise InputError(
            "a file that cannot be read",
            item=str(path),
            got=error.strerror,
            action="Check the path and who may read it",
        ) from None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line


def _json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in _lines(path):
        try:
            yield number, json.loads(line)
        except ValueError:
            raise InputError("a line that is not JSON", item=f"{path} line {number}", expected="one object") from None


def _pair(row: Any, item: str) -> TextPair:  # noqa: ANN401  JSON
    if not isinstance(row, dict):
        raise InputError("a line that is not an object", item=item, got=type(row).__name__, expected=_expected())
    if unknown := [key for key in row if key not in _KEYS and key not in _IGNORED]:
        raise InputError("an unknown key", item=item, got=str(unknown[0])[:40], expected=_expected())
    first, *others = _references(row, item)
    for key in ("id", "hypothesis"):
        if key == "id" and "id" not in row:
            continue
        if not isinstance(row.get(key), str):
            got = "none" if key not in row else type(row[key]).__name__
            raise InputError(f"{key} is not a text", item=item, got=got, expected=_expected())
    spoken = row.get("spoken")
    if spoken is not None and not isinstance(spoken, str):
        raise InputError("spoken is not a text", item=item, got=type(spoken).__name__, expected="text or nothing")
    return TextPair(
        row.get("id", item.rpartition(" ")[2]),
        Reference(first, first if spoken is None else spoken, terms=_terms(row.get("terms"), item)),
        row["hypothesis"],
        tuple(others),
    )


def _references(row: dict[str, Any], item: str) -> list[str]:
    """One reference or several that are all right."""
    given = row.get("reference")
    listed = given if isinstance(given, list) else [given]
    texts = [one for one in listed if isinstance(one, str)]
    if not listed or len(texts) < len(listed):
        got = "none" if "reference" not in row else type(given).__name__
        raise InputError(
            "reference is not a text", item=item, got=got, expected="a text, or a list of texts that are all right"
        )
    return texts


_IGNORED = frozenset({"same", "kind"})
"""What lists of marked pairs say besides."""


def _expected() -> str:
    return "keys reference and hypothesis, optional id, spoken and terms"


def _terms(value: Any, item: str) -> tuple[Term, ...]:  # noqa: ANN401  JSON
    wanted = "a list of texts, or of objects with text and kind"
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InputError("terms is not a list", item=item, got=type(value).__name__, expected=wanted)
    terms = []
    for one in value:
        if isinstance(one, str):
            terms.append(term_of(one))
        elif isinstance(one, dict) and isinstance(one.get("text"), str) and isinstance(one.get("kind"), str):
            terms.append(Term(one["text"], one["kind"]))
        else:
            raise InputError("not a term", item=item, got=type(one).__name__, expected=wanted)
    return tuple(terms)


def _once(names: list[str], path: Path) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError("a duplicate id", item=str(path), got=name[:80], expected="each id once")
        seen.add(name)


def _texts(path: Path) -> Texts:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            "an unknown format of texts", item=str(path), got=path.suffix or "no suffix",
            expected=f"one of {', '.join(_READERS)}",
        )  # fmt: skip
    return reader(path)


def _trn(path: Path) -> Texts:
    texts: Texts = {}
    for number, line in _lines(path):
        match = _TRN.match(line)
        if match is None:
            raise InputError("a line without a name", item=f"{path} line {number}", expected="words (name)")
        if match[2] in texts:
            raise InputError(
                "a duplicate name",
                item=f"{path} line {number}",
                got=match[2][:80],
                action="Give each line a unique name",
            )
        texts[match[2]] = match[1].strip()
    return texts


def _timed(path: Path, least: int, wanted: str, cut: Callable[[list[str]], tuple[str, float, str]]) -> Texts:
    """Lines with a time each, joined by name in the order of their times."""
    rows: dict[str, list[tuple[float, int, str]]] = {}
    for number, line in _lines(path):
        if line.startswith(";;"):
            continue
        fields = line.split()
        try:
            name, start, text = cut(fields) if len(fields) >= least else _refuse()
        except ValueError:
            raise InputError("a line that cannot be read", item=f"{path} line {number}", expected=wanted) from None
        rows.setdefault(name, []).append((start, number, text))
    return {name: " ".join(text for *_, text in sorted(parts) if text) for name, parts in rows.items()}


def _refuse() -> tuple[str, float, str]:
    raise ValueError


def _ctm(path: Path) -> Texts:
    return _timed(path, 5, "name channel start duration word", lambda f: (f[0], float(f[2]), f[4]))


def _stm(path: Path) -> Texts:
    def cut(fields: list[str]) -> tuple[str, float, str]:
        words = fields[6:] if fields[5:6] and fields[5].startswith("<") else fields[5:]
        text = " ".join(words)
        return fields[0], float(fields[3]), "" if text.upper() == "IGNORE_TIME_SEGMENT_IN_SCORING" else text

    return _timed(path, 5, "name channel speaker begin end [<label>] words", cut)


def _seglst(path: Path) -> Texts:
    wanted = "a list of objects with session_id, words and start_time"
    try:
        rows = json.loads("\n".join(line for _, line in _lines(path)))
    except ValueError:
        raise InputError("a file that is not JSON", item=str(path), expected=wanted) from None
    if not isinstance(rows, list):
        raise InputError("a file that is not SegLST", item=str(path), got=type(rows).__name__, expected=wanted)
    segments: dict[str, list[tuple[float, int, str]]] = {}
    for number, row in enumerate(rows):
        try:
            name, text, start = str(row["session_id"]), row["words"], float(row.get("start_time", number))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InputError("not a segment", item=f"{path} segment {number + 1}", expected=wanted) from None
        if not isinstance(text, str):
            raise InputError(
                "words is not a text", item=f"{path} segment {number + 1}", got=type(text).__name__, expected="a text"
            )
        segments.setdefault(name, []).append((start, number, text))
    return {name: " ".join(text for *_, text in sorted(parts) if text) for name, parts in segments.items()}


_READERS: dict[str, Callable[[Path], Texts]] = {".trn": _trn, ".ctm": _ctm, ".stm": _stm, ".json": _seglst}

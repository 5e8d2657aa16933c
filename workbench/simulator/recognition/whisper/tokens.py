"""Token ids and text: the byte-level vocabulary of a Whisper model.

A token of the vocabulary is a piece of UTF-8, each of its bytes written as one printable character (the table of
GPT-2). Pairs are merged in the order of the ids, so text is encoded from the vocabulary alone.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from workbench.errors import InputError

__all__ = ["Vocabulary"]

_PRE_TOKEN = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")


def _byte_characters() -> dict[str, int]:
    """The printable character of each byte: itself where it is printable, else one from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


_BYTES = _byte_characters()
_CHARACTERS = {byte: character for character, byte in _BYTES.items()}


class Vocabulary:
    """Tokens of one model.

    Args:
        tokens: by id.

    Attributes:
        end: id of the end of the text; all ids from it on are special.
        start_of_previous: id before the context.

    Raises:
        KeyError: a special token is missing.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self._ids = {token: number for number, token in enumerate(tokens)}
        self.end = self._ids["<|endoftext|>"]
        self.start_of_previous = self._ids["<|startofprev|>"]
        self._bytes = [_as_bytes(token) for token in tokens[: self.end]]

    @classmethod
    def read(cls, folder: Path) -> Vocabulary:
        """The vocabulary of a model folder, ``vocabulary.txt`` (a token a line) or ``vocabulary.json`` (a list).

        Raises:
            InputError: there is none, or it is not that of a Whisper model.
        """
        text, lists = folder / "vocabulary.txt", folder / "vocabulary.json"
        try:
            if lists.is_file():
                tokens = json.loads(lists.read_text(encoding="utf-8"))
            else:
                # Not splitlines: some tokens are separators that it knows.
                tokens = text.read_text(encoding="utf-8").removesuffix("\n").split("\n")
            return cls(tokens)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                "not the vocabulary of a Whisper model",
                item=str(lists if lists.is_file() else text),
                got=type(error).__name__,
                expected="the tokens of the model, with <|endoftext|> and <|startofprev|>",
            ) from None

    def prompt(self, *, multilingual: bool) -> list[int]:
        """Ids that begin a transcript in English without times."""
        names = ["<|startoftranscript|>", *(["<|en|>", "<|transcribe|>"] if multilingual else []), "<|notimestamps|>"]
        return [self._ids[name] for name in names]

    def text(self, ids: Iterable[int]) -> str:
        """Text of tokens; special ones say nothing, and half a character is U+FFFD."""
        return b"".join(self._bytes[i] for i in ids if i < self.end).decode(errors="replace")

    def words(self, ids: Iterable[int]) -> list[tuple[str, int]]:
        """Split at blanks: each word with its marks, and how many tokens it has; the words joined are the text.

        Special tokens must not be among the ids.
        """
        pieces: list[tuple[bytes, int]] = []
        for i in ids:
            piece = self._bytes[i]
            # No byte of a longer character is a blank, so a character cut in two stays in one word.
            before, count = (b"", 0) if not pieces or piece.startswith(b" ") else pieces.pop()
            pieces.append((before + piece, count + 1))
        return [(word.decode(errors="replace").strip(), count) for word, count in pieces]

    def encode(self, text: str) -> list[int]:
        """Ids of a text."""
        return [i for piece in _PRE_TOKEN.findall(text) for i in self._merged(piece)]

    def _merged(self, piece: str) -> list[int]:
        parts = [_CHARACTERS[byte] for byte in piece.encode()]
        while len(parts) > 1:
            pairs = enumerate(itertools.pairwise(parts))
            rank, place = min((self._ids.get(a + b, self.end), place) for place, (a, b) in pairs)
            if rank >= self.end:
                break
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
        return [self._ids[part] for part in parts]


def _as_bytes(token: str) -> bytes:
    # The vocabulary of some models has plain special tokens among the others.
    return bytes(_BYTES[c] for c in token) if all(c in _BYTES for c in token) else token.encode()

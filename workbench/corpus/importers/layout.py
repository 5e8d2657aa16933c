"""What holds for all items of an import, found before any row is made: where the audio lies, what ids are made of."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workbench.corpus import Problem
from workbench.corpus.importers.items import Item
from workbench.corpus.locate import absolute
from workbench.errors import CorpusError

__all__ = ["Layout", "survey"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where an import's audio lies.

    Attributes:
        root: folder that holds all of it; recorded in the header.
        by_path: ids are made from paths, since two folders hold files of one name.
        with_ending: and from endings, since files differ in nothing else.
    """

    root: Path
    by_path: bool = False
    with_ending: bool = False

    def id_of(self, item: Item, relative: Path) -> str:
        """The id of an item: its own, or one made from its file, its offset and its channel."""
        if item.id is not None:
            return item.id
        name = relative if self.with_ending else relative.with_suffix("")
        offset = f"-{round(item.start_s * 1000)}ms" if item.start_s else ""
        channel = f"-ch{item.channel}" if item.channel is not None else ""
        return (name.as_posix() if self.by_path else name.name) + offset + channel


def survey(items: Iterable[Item | Problem], source: Path, audio_root: Path | None = None) -> Layout:
    """Read all items once.

    Args:
        items: what a reader yields.
        source: what is read; relative audio lies in its folder as a rule.
        audio_root: folder that holds all audio, where it was named.

    Raises:
        CorpusError: the audio lies in folders that have nothing in common.
    """
    home = absolute(source if source.is_dir() else source.parent)
    bases: set[Path] = set()
    files: set[Path] = set()
    for item in items:
        if isinstance(item, Problem) or not _is_whole(item.audio):
            continue
        base = Path(item.audio).parent if Path(item.audio).is_absolute() else item.base
        bases.add(absolute(base))
        if item.id is None:
            files.add(item.path)
    root = audio_root or _common(bases, home)
    by_path = len({path.stem for path in files}) < len(files)
    return Layout(root, by_path, by_path and len({path.with_suffix("") for path in files}) < len(files))


def _is_whole(text: str) -> bool:
    """Whether a path can be written; one that cannot is named when its row is made."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _common(bases: set[Path], home: Path) -> Path:
    if all(base.is_relative_to(home) for base in bases):
        return home
    root = Path(os.path.commonpath(bases)) if bases else home
    if root == Path(root.anchor) or Path.home().is_relative_to(root):
        raise CorpusError(
            "the audio files have no common folder",
            got=f"folders that have only {root} in common",
            expected="one folder with all of them",
            action="Name it with `audio_root`, or move the audio into one folder",
        )
    return root

"""Rows of a manifest from foreign items; keeps ids and one entry for each audio file, never audio or text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from workbench.audio.files import AudioInfo, audio_info, file_sha256
from workbench.corpus import ManifestRow, Problem, TurnRow
from workbench.corpus.importers.items import Found, Item
from workbench.corpus.importers.layout import Layout
from workbench.corpus.locate import Inside, existing_file
from workbench.errors import AudioError

__all__ = ["ImportRows"]

# Durations in seconds are rounded by those who write them: to 10 ms, as a rule.
_SLACK_S = 0.05


class ImportRows:
    """Looks at items one by one.

    Attributes:
        count, seconds: good rows so far, and their audio.
        problems, remarks: bad rows, and rows that were left out on purpose.
        copy_to: folder of the corpus where audio is to be copied; None if it stays where it is.
    """

    def __init__(
        self,
        layout: Layout,
        copy_to: Path | None,
        licence: str | None,
        *,
        split_channels: bool = False,
        on_item: Callable[[str], object] | None = None,
    ) -> None:
        self.copy_to = copy_to
        self.count = 0
        self.seconds = 0.0
        self.problems: list[Problem] = []
        self.remarks: list[Problem] = []
        self._layout = layout
        self._root = Inside(layout.root)
        self._licence = licence
        self._split_channels = split_channels
        self._on_item = on_item
        self._files: dict[Path, tuple[AudioInfo, str, Path]] = {}
        self._ids: dict[str, int] = {}

    def files(self) -> Iterator[tuple[Path, Path]]:
        """Every audio file of a row, and its path from the root."""
        for audio, (_, _, relative) in self._files.items():
            yield audio, relative

    def rows(self, items: Found) -> Iterator[ManifestRow]:
        """Good rows; bad ones are added to ``problems``."""
        for item in items:
            results = [item] if isinstance(item, Problem) else self._results(item)
            for result in results:
                if isinstance(result, Problem):
                    (self.remarks if result.remark else self.problems).append(result)
                    continue
                self.count += 1
                if self._on_item:
                    self._on_item(result.id)
                yield result

    def _results(self, item: Item) -> list[ManifestRow | Problem]:
        def problem(what: str, cause: str = "") -> list[ManifestRow | Problem]:
            return [Problem(str(item.origin), item.line, item.id or item.audio, what, cause)]

        if not item.reference:
            return problem("empty reference (expected what is said in the audio)", "no text")
        for text in (item.id, item.audio, item.reference, item.spoken, item.speaker, *item.tags):
            if text is not None and (wrong := _text_problem(text)):
                return problem(wrong, "characters")
        if not any(character.isalnum() for character in item.reference):
            return problem("a reference without a word (got punctuation alone)", "no text")
        try:
            audio = self._located(item)
        except (OSError, ValueError):  # too long, or with characters that no path may have
            return problem("audio is no path")
        if isinstance(audio, str):
            return problem(audio, "audio")
        try:
            self._file(audio)
        except AudioError as error:
            return problem(str(error), "audio")
        info, _, relative = self._files[audio]
        if item.channel is not None and item.channel >= info.channels:
            return problem(f"no such channel (got {item.channel}; expected 0 to {info.channels - 1})", "channel")
        if not self._split_channels or item.channel is not None or info.channels == 1:
            return [self._row(item, audio, relative)]
        parts = _by_channel(item, info.channels, self._layout.id_of(item, relative))
        if isinstance(parts, str):
            return problem(parts, "channel")
        return [self._row(part, audio, relative) for part in parts]

    def _located(self, item: Item) -> Path | str:
        """The file, or what is wrong with where it lies."""
        root = self._root.root
        places = [item.path, item.base / item.audio.replace("\\", "/"), root / item.audio]
        audio = next((found for place in places if (found := existing_file(place))), item.path)
        if self._root.relative(audio) is None:
            return f"audio lies outside {root} (got {item.audio}); name its folder with --audio-root"
        if not self._root.has(audio):
            return f"audio is a link that leads outside {root} (got {item.audio}); name its folder with --audio-root"
        return audio

    def _file(self, audio: Path) -> None:
        if audio not in self._files:
            relative = self._root.relative(audio) or Path(audio.name)
            self._files[audio] = (audio_info(audio), file_sha256(audio), relative)

    def _row(self, item: Item, audio: Path, relative: Path) -> ManifestRow | Problem:
        row_id = self._layout.id_of(item, relative)

        def problem(what: str, cause: str = "") -> Problem:
            return Problem(str(item.origin), item.line, row_id, what, cause)

        if row_id in self._ids:
            return problem(f"duplicate id (first on line {self._ids[row_id]})", "duplicate id")
        self._ids[row_id] = item.line
        info, sha256, _ = self._files[audio]
        stretch = _stretch(item, info)
        if isinstance(stretch, str):
            return problem(stretch, "stretch")
        start, samples = stretch
        turns = _turns(item, info.sample_rate_hz, samples)
        if isinstance(turns, str):
            return problem(turns, "turns")
        self.seconds += samples / info.sample_rate_hz
        return ManifestRow(
            id=row_id,
            audio=(Path("audio") / relative if self.copy_to else relative).as_posix(),
            sha256=sha256,
            reference=item.reference,
            spoken=item.spoken,
            speaker=item.speaker,
            tags=item.tags,
            licence=self._licence,
            source=f"{item.origin.name}:{item.line}",
            sample_rate_hz=info.sample_rate_hz,
            samples=samples,
            start_sample=start,
            channel=item.channel if info.channels > 1 else None,
            turns=turns,
        )


def _text_problem(text: str) -> str | None:
    """Why a text cannot be stored, or None: half a surrogate pair has no place in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"half a character in its text (got \\u{ord(text[error.start]):04x} alone; expected whole characters)"
    return None


def _by_channel(item: Item, channels: int, row_id: str) -> list[Item] | str:
    """One item for each channel on which somebody speaks, or why the text cannot be shared out."""
    heard = {turn.channel for turn in item.turns}
    if not item.turns or None in heard:
        return (
            "the text does not say what is said on which channel (expected a channel in each segment, "
            "a column for each channel, or a.ch0.txt and a.ch1.txt)"
        )
    if above := [channel for channel in heard if channel is not None and channel >= channels]:
        return f"no such channel (got {above[0]}; expected 0 to {channels - 1})"
    parts = []
    for channel in sorted(channel for channel in heard if channel is not None):
        turns = tuple(turn for turn in item.turns if turn.channel == channel)
        parts.append(
            replace(
                item,
                id=f"{row_id}-ch{channel}",
                channel=channel,
                turns=turns,
                reference=" ".join(turn.text for turn in turns),
                speaker="+".join(dict.fromkeys(turn.speaker for turn in turns)),
            )
        )
    return parts


def _stretch(item: Item, info: AudioInfo) -> tuple[int, int] | str:
    """First sample and number of samples, or what is wrong with them."""
    rate = info.sample_rate_hz
    start = round(item.start_s * rate)
    left = info.samples - start
    samples = left if item.duration_s is None else round(item.duration_s * rate)
    if samples <= 0 or left <= 0 or samples > left + _SLACK_S * rate:
        got = f"{item.start_s:g} s + {item.duration_s or 0:g} s"
        return f"the stretch lies outside the audio (got {got}; expected within {info.samples / rate:g} s)"
    if start == 0 and abs(samples - left) <= _SLACK_S * rate:
        samples = left  # the whole file, its length rounded in the row
    return start, min(samples, left)


def _turns(item: Item, rate_hz: int, samples: int) -> tuple[TurnRow, ...] | str:
    late = next((turn for turn in item.turns if turn.end_s * rate_hz > samples + _SLACK_S * rate_hz), None)
    if late is not None:
        return f"a turn runs past the audio (got {late.end_s:g} s; expected up to {samples / rate_hz:g} s)"
    return tuple(
        TurnRow(turn.speaker, min(samples, round(turn.start_s * rate_hz)), min(samples, round(turn.end_s * rate_hz)),
                turn.text)
        for turn in item.turns
    )  # fmt: skip

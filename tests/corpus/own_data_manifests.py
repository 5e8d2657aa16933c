"""Rows about manifests and data sets: lists of every kind, and what is wrong with them.

The expected recordings are numpy arrays that were written to the files; ids, texts and tags are spelled out.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import unicodedata
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile as sf

from tests.corpus.own_data import ImportRow, Imports, Names

__all__ = ["ROWS"]

RATE = 8_000


@cache
def sound(seed: int, seconds: float = 1.0) -> np.ndarray:
    """Noise that comes and goes as syllables do: int16 at 8 kHz."""
    noise = np.random.default_rng(seed).standard_normal(round(RATE * seconds)) * 2_000
    return (noise * np.sin(4 * np.pi * np.arange(noise.size) / RATE) ** 2).astype(np.int16)


def wav(path: Path, seed: int, seconds: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, sound(seed, seconds), RATE)
    return path


def stereo(path: Path, seconds: float = 4.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.stack([sound(1, seconds), sound(2, seconds)], axis=1), RATE)
    return path


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def lines(*rows: object) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def a_and_b(folder: Path) -> None:
    wav(folder / "a.wav", 1)
    wav(folder / "b.wav", 2)


TWO = {"a": (lambda: sound(1), "one two"), "b": (lambda: sound(2), "three four")}


def listed(text: str | bytes, name: str = "list.csv") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        a_and_b(folder)
        return write(folder / name, text)

    return make


def excel(folder: Path) -> Path:
    """As Excel writes "CSV UTF-8" where the comma is the decimal mark: a BOM, semicolons, CRLF, quotes."""
    a_and_b(folder)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerows([("Audio File", "Transcript", "Ward"), ("a.wav", "one two", "ICU"), ("b.wav", "three four", "")])
    return write(folder / "list.csv", out.getvalue().encode("utf-8-sig"))


def parquet(folder: Path) -> Path:
    a_and_b(folder)
    path = folder / "metadata.parquet"
    pq.write_table(pa.table({"file_name": ["a.wav", "b.wav"], "text": ["one two", "three four"]}), path)
    return folder


def damaged_parquet(folder: Path) -> Path:
    """The pages are blank, the footer is whole."""
    path = parquet(folder) / "metadata.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:4] + bytes(40) + data[44:])
    return folder


def splits(folder: Path) -> Path:
    for split, name, seed, text in (("train", "a", 1, "one two"), ("test", "b", 2, "three four")):
        wav(folder / split / f"{name}.wav", seed)
        write(folder / split / "metadata.csv", f"file_name,transcription\n{name}.wav,{text}\n")
    return folder


def inside_parquet(folder: Path) -> Path:
    table = pa.table({"audio": [{"bytes": b"RIFF", "path": "a.wav"}], "text": ["one two"]})
    folder.mkdir(exist_ok=True)
    pq.write_table(table, folder / "metadata.parquet")
    return folder


def hub(folder: Path) -> Path:
    repository = folder / "datasets--x--y"
    snapshot = repository / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    for name, seed in (("a", 1), ("b", 2)):
        wav(repository / "blobs" / f"{seed:064x}.wav", seed).rename(repository / "blobs" / f"{seed:064x}")
        (snapshot / f"{name}.wav").symlink_to(f"../../blobs/{seed:064x}")
    write(snapshot / "metadata.csv", "file_name,text\na.wav,one two\nb.wav,three four\n")
    return snapshot


def common_voice(folder: Path) -> Path:
    wav(folder / "en" / "clips" / "a.wav", 1)
    wav(folder / "en" / "clips" / "b.wav", 2)
    head = "client_id\tpath\tsentence\tage\n"
    write(folder / "en" / "test.tsv", f'{head}c1\ta.wav\tone "two"\tforties\nc2\tb.wav\tthree four\t\n')
    write(folder / "en" / "train.tsv", f"{head}c3\tc.wav\tnot read\t\n")
    return folder


def yesno(folder: Path) -> Path:
    """As Kaldi's recipe leaves it: paths of wav.scp are relative to the folder that the recipe runs in."""
    wav(folder / "s5" / "waves_yesno" / "0_1.wav", 1)
    data = folder / "s5" / "data" / "test_yesno"
    write(data / "wav.scp", "0_1 waves_yesno/0_1.wav\n")
    write(data / "text", "0_1 NO YES\n")
    write(data / "utt2spk", "0_1 global\n")
    return data


def kaldi(folder: Path, **files: str) -> Path:
    wav(folder / "a.wav", 1, 4.0)
    for name, text in ({"wav.scp": "a a.wav\n", "text": "a one two\n"} | files).items():
        write(folder / name.replace("_scp", ".scp"), text)
    return folder


def kaldi_of(**files: str) -> Callable[[Path], Path]:
    return partial(kaldi, **files)


def kaldi_channels(folder: Path) -> Path:
    stereo(folder / "call.wav")
    write(folder / "wav.scp", "call-A call.wav\ncall-B call.wav\n")
    write(folder / "text", "call-A one two\ncall-B three four\n")
    write(folder / "reco2file_and_channel", "call-A call A\ncall-B call B\n")
    return folder


def libri(folder: Path) -> Path:
    wav(folder / "19" / "198" / "19-198-0001.wav", 1)
    write(folder / "19" / "198" / "19-198.trans.txt", "19-198-0001 ONE TWO\n")
    return folder


def nemo(*rows: object, name: str = "m.jsonl", make: Callable[[Path], object] = a_and_b) -> Callable[[Path], Path]:
    def write_rows(folder: Path) -> Path:
        make(folder)
        return write(folder / name, lines(*rows))

    return write_rows


A = {"audio_filepath": "a.wav", "text": "one two"}
B = {"audio_filepath": "b.wav", "text": "three four"}


def nemo_absolute(folder: Path) -> Path:
    a_and_b(folder / "data" / "wavs")
    rows = [row | {"audio_filepath": str(folder / "data" / "wavs" / row["audio_filepath"])} for row in (A, B)]
    return write(folder / "lists" / "m.jsonl", lines(*rows))


def equal_names(folder: Path) -> Path:
    wav(folder / "mon" / "a.wav", 1)
    wav(folder / "tue" / "a.wav", 2)
    rows = [{"audio_filepath": "mon/a.wav", "text": "one two"}, {"audio_filepath": "tue/a.wav", "text": "three four"}]
    return write(folder / "m.jsonl", lines(*rows))


def decomposed(folder: Path) -> Path:
    """The file as macOS names it, the list as everybody else does."""
    wav(folder / unicodedata.normalize("NFD", "café") / unicodedata.normalize("NFD", "é.wav"), 1)
    return write(folder / "m.jsonl", lines({"id": "a", "audio_filepath": "café/é.wav", "text": "one two"}))


def outward_link(folder: Path) -> Path:
    wav(folder / "elsewhere" / "a.wav", 1)
    (folder / "in").mkdir()
    (folder / "in" / "a.wav").symlink_to(folder / "elsewhere" / "a.wav")
    return write(folder / "in" / "m.jsonl", lines(A))


def cut(**change: object) -> dict[str, object]:
    recording = {"sources": [{"type": "file", "channels": [0, 1], "source": "call.wav"}], "sampling_rate": RATE}
    supervisions = [{"start": 0.0, "duration": 4.0, "text": "one two", "speaker": "A", "channel": 0}]
    row = {"id": "a", "type": "MonoCut", "start": 0.0, "duration": 4.0, "channel": 0}
    return row | {"supervisions": supervisions, "recording": recording} | change


def lhotse(*cuts: object, name: str = "cuts.jsonl", pack: Callable[[bytes], bytes] = bytes) -> Callable[[Path], Path]:
    def write_cuts(folder: Path) -> Path:
        stereo(folder / "call.wav")
        text = json.dumps(cuts) if ".jsonl" not in name else lines(*cuts)
        return write(folder / name, pack(text.encode()))

    return write_cuts


def transformed(**transform: object) -> dict[str, object]:
    row = cut()
    return row | {"recording": row["recording"] | {"transforms": [transform]}}


def segments(text: str | bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        stereo(folder / "call.wav")
        return write(folder / "ref.json", text)

    return make


def seg(words: str = "one two", start: float = 0.0, end: float = 1.0, **more: object) -> dict[str, object]:
    return {"session_id": "call", "speaker": "A", "words": words, "start_time": start, "end_time": end} | more


def folder_of(**texts: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        a_and_b(folder)
        for name, text in texts.items():
            write(folder / f"{name.replace('__', '.')}.txt", text)
        return folder

    return make


def folder_channels(folder: Path) -> Path:
    stereo(folder / "call.wav")
    write(folder / "call.ch0.txt", "one two")
    write(folder / "call.ch1.txt", "three four")
    return folder


def table_channels(folder: Path) -> Path:
    stereo(folder / "call.wav")
    return write(folder / "list.csv", "file,agent,caller\ncall.wav,one two,three four\n")


LEFT, RIGHT = (lambda: sound(1, 4.0)), (lambda: sound(2, 4.0))
ONE = {"a": (lambda: sound(1), "one two")}
CALL = {"call-ch0": (LEFT, "one two"), "call-ch1": (RIGHT, "three four")}
GUESSED = "columns are guessed and shown"
MAPPED = {"mapping": {"audio": "where", "reference": "what"}}

ROWS = [
    ImportRow("CSV with unusual column names (`file`, `transcript`)", "table",
              listed("file,transcript\na.wav,one two\nb.wav,three four\n"), Imports(TWO, GUESSED)),
    ImportRow("CSV, columns named with `--map`", "table", listed("where,what\na.wav,one two\nb.wav,three four\n"),
              Imports(TWO, "the named columns are taken"), MAPPED),
    ImportRow("CSV without a known column", "table", listed("where,what\na.wav,one two\n"),
              Names("no column is known as audio")),
    ImportRow("`--map` to a column that is not there", "table", listed("file,text\na.wav,one two\n"),
              Names("no such column"), {"mapping": {"reference": "words"}}),
    ImportRow("CSV from Excel (BOM, semicolons, CRLF), further columns", "table", excel,
              Imports(TWO, "read; further columns become tags", tags={"a": ("Ward:ICU",), "b": ()})),
    ImportRow("Unicode text from Excel (UTF-16, tabs)", "table",
              listed("file\ttext\r\na.wav\tone two\r\nb.wav\tthree four\r\n".encode("utf-16")), Imports(TWO)),
    ImportRow("CSV with Excel's `sep=;`", "table",
              listed("sep=;\r\nfile;text\r\na.wav;one two\r\nb.wav;three four\r\n"), Imports(TWO)),
    ImportRow("TSV", "table", listed("path\tsentence\na.wav\tone two\nb.wav\tthree four\n", "list.tsv"), Imports(TWO)),
    ImportRow("CSV with a line break in a quoted cell", "table", listed('file,text\na.wav,"one\ntwo"\n'),
              Imports({"a": (lambda: sound(1), "one\ntwo")})),
    ImportRow("CSV with paths of Windows (`sub\\a.wav`)", "table",
              lambda folder: (wav(folder / "sub" / "a.wav", 1),
                              write(folder / "list.csv", "file,text\nsub\\a.wav,one two\n"))[1], Imports(ONE)),
    ImportRow("CSV with `start` and `end` in seconds", "table",
              listed("file,text,start,end\na.wav,one two,0.25,0.75\n"),
              Imports({"a-250ms": (lambda: sound(1)[2_000:6_000], "one two")}, "the stretch is played")),
    ImportRow("CSV with a channel for each row", "table",
              lambda folder: (stereo(folder / "call.wav"),
                              write(folder / "list.csv",
                                    "file,text,channel\ncall.wav,one two,left\ncall.wav,three four,right\n"))[1],
              Imports(CALL, "the channel is played")),
    ImportRow("CSV with a text for each channel (`--map reference.0=…`)", "table", table_channels,
              Imports(CALL, "one recording of each channel"),
              {"mapping": {"reference.0": "agent", "reference.1": "caller"}}),
    ImportRow("CSV with a cell too many", "table", listed("file,text\na.wav,one,two\n"),
              Names("wrong number of cells (got 3; expected 2)")),
    ImportRow("CSV with an empty cell", "table", listed("file,text\na.wav,\n"), Names("no text in this row")),
    ImportRow("CSV in Latin-1", "table", listed("file,text\na.wav,caf\xe9\n".encode("latin-1")), Names("not UTF-8")),
    ImportRow("CSV with two columns of one name", "table", listed("file,text,text\na.wav,one,two\n"),
              Names("two columns of one name")),
    ImportRow("a spreadsheet (`.xlsx`)", "table", listed(b"PK\x03\x04", "list.xlsx"),
              Names("a spreadsheet, not a table of text")),
    ImportRow("folder of `a.wav` and `a.txt`", "folder", folder_of(a="one two\n", b="three four"), Imports(TWO)),
    ImportRow("text file with a BOM and line breaks", "folder", folder_of(a="\ufeffone\r\ntwo\r\n", b="three four"),
              Imports(TWO, "line breaks become blanks")),
    ImportRow("recording without a text", "folder", folder_of(a="one two"),
              Names("no text for it (expected a .txt of the same name)")),
    ImportRow("text without a recording (`README.txt`)", "folder", folder_of(a="one two", b="three four", README="hi"),
              Imports(TWO, "left out, and said", remark="no recording of this name next to it")),
    ImportRow("`call.wav` with `call.ch0.txt` and `call.ch1.txt`", "folder", folder_channels,
              Imports(CALL, "one recording of each channel")),
    ImportRow("NeMo manifest", "nemo", nemo(A, B), Imports(TWO)),
    ImportRow("NeMo manifest with absolute paths", "nemo", nemo_absolute,
              Imports(TWO, "their common folder is taken and shown")),
    ImportRow("NeMo rows with `_skipme`", "nemo", nemo(A, B | {"_skipme": 1}),
              Imports(ONE, "left out, and said", remark="the row says _skipme")),
    ImportRow("NeMo manifest as a JSON array", "nemo", nemo(json.dumps([A, B]), name="m.json"), Imports(TWO)),
    ImportRow("NeMo manifest, gzipped", "nemo",
              lambda folder: (a_and_b(folder), write(folder / "m.jsonl.gz", gzip.compress(lines(A, B).encode())))[1],
              Imports(TWO)),
    ImportRow("NeMo rows with further keys", "nemo", nemo(A | {"lang": "en"}, B),
              Imports(TWO, "they become tags", tags={"a": ("lang:en",), "b": ()})),
    ImportRow("NeMo with `channel_selector`", "nemo",
              nemo({"audio_filepath": "call.wav", "text": "one two", "channel_selector": 1},
                   make=lambda folder: stereo(folder / "call.wav")),
              Imports({"call-ch1": (RIGHT, "one two")}, "the channel is played")),
    ImportRow("NeMo with several channels selected", "nemo",
              nemo({"audio_filepath": "call.wav", "text": "one two", "channel_selector": [0, 1]},
                   make=lambda folder: stereo(folder / "call.wav")), Names("no single channel")),
    ImportRow("a channel that the file does not have", "nemo", nemo(A | {"channel": 3}), Names("no such channel")),
    ImportRow("equal file names in two folders", "nemo", equal_names,
              Imports({"mon/a": (lambda: sound(1), "one two"), "tue/a": (lambda: sound(2), "three four")},
                      "ids are made of the paths")),
    ImportRow("names stored decomposed (macOS), listed composed", "nemo", decomposed, Imports(ONE, "found")),
    ImportRow("a manifest with a BOM", "nemo", nemo("\ufeff" + json.dumps(A), B), Imports(TWO)),
    ImportRow("a row that is not JSON", "nemo", nemo(A, "{oops"), Names("not JSON")),
    ImportRow("a key twice in a row", "nemo", nemo('{"audio_filepath": "a.wav", "text": "x", "text": "y"}'),
              Names("duplicate key (got text twice)")),
    ImportRow("the same recording twice", "nemo", nemo(A, A), Names("duplicate id")),
    ImportRow("half a surrogate pair in a text", "nemo", nemo('{"audio_filepath": "a.wav", "text": "one \\ud83d"}'),
              Names("half a character in its text")),
    ImportRow("half a surrogate pair in an absolute path", "nemo",
              nemo('{"audio_filepath": "/a\\ud83d.wav", "text": "one two"}'), Names("half a character in its text")),
    ImportRow("a reference of punctuation", "nemo", nemo(A | {"text": "…!"}), Names("a reference without a word")),
    ImportRow("a stretch beyond the end of the file", "nemo", nemo(A | {"duration": 9}),
              Names("the stretch lies outside the audio")),
    ImportRow("a path that leads out of the folder", "nemo", nemo(A | {"audio_filepath": "../../etc/x.wav"}),
              Names("audio lies outside")),
    ImportRow("a link that leads out of the folder", "nemo", outward_link, Names("audio is a link that leads outside")),
    ImportRow("bad rows, with `--skip-bad`", "nemo", nemo(A, "{oops", B),
              Imports(TWO, "the good rows; bad ones are listed"),
              {"skip_bad": True}),
    ImportRow("Hugging Face audiofolder with `metadata.csv`", "audiofolder",
              lambda folder: listed("file_name,text\na.wav,one two\nb.wav,three four\n", "metadata.csv")(folder).parent,
              Imports(TWO)),
    ImportRow("Hugging Face `metadata.parquet`", "audiofolder", parquet, Imports(TWO)),
    ImportRow("`metadata.parquet` that is damaged", "audiofolder", damaged_parquet, Names("damaged from this row on")),
    ImportRow("Hugging Face split folders", "audiofolder", splits,
              Imports({"train/a": TWO["a"], "test/b": TWO["b"]}, "each split becomes a tag",
                      tags={"train/a": ("split:train",), "test/b": ("split:test",)})),
    ImportRow("sound inside of a Parquet file", "audiofolder", inside_parquet,
              Names("the sound is inside the table, not in files")),
    ImportRow("snapshot of the Hugging Face hub (links to blobs)", "audiofolder", hub,
              Imports(TWO, "links are followed")),
    ImportRow("Common Voice release folder", "common-voice", common_voice,
              Imports({"a": (lambda: sound(1), 'one "two"'), "b": TWO["b"]}, "`test.tsv` is read",
                      tags={"a": ("age:forties",), "b": ()})),
    ImportRow("Kaldi's yesno recipe (paths relative to the recipe)", "kaldi", yesno,
              Imports({"0_1": (lambda: sound(1), "NO YES")})),
    ImportRow("Kaldi `segments` that end at −1", "kaldi", kaldi_of(segments="a a 1.5 -1\n"),
              Imports({"a": (lambda: sound(1, 4.0)[12_000:], "one two")}, "played to the end of the file")),
    ImportRow("Kaldi `reco2file_and_channel`", "kaldi", kaldi_channels,
              Imports({"call-A": CALL["call-ch0"], "call-B": CALL["call-ch1"]}, "the channel is played")),
    ImportRow("Kaldi `wav.scp` with a command", "kaldi", kaldi_of(wav_scp="a sph2pipe -f wav a.sph |\n"),
              Names("its audio is made by a command")),
    ImportRow("a duplicate id in Kaldi's `text`", "kaldi", kaldi_of(text="a one two\na three\n"),
              Names("duplicate id (first on line 1)")),
    ImportRow("a line of Kaldi's `text` without a recording", "kaldi", kaldi_of(text="a one two\nb three\n"),
              Names("a text without a recording")),
    ImportRow("LibriSpeech converted to WAV", "librispeech", libri,
              Imports({"19-198-0001": (lambda: sound(1), "ONE TWO")})),
    ImportRow("Lhotse cuts, gzipped JSONL", "lhotse", lhotse(cut(), name="cuts.jsonl.gz", pack=gzip.compress),
              Imports({"a": (LEFT, "one two")}, "a cut's channel is played")),
    ImportRow("Lhotse cuts as a JSON array", "lhotse", lhotse(cut(channel=1), name="cuts.json"),
              Imports({"a": (RIGHT, "one two")}, "a cut's channel is played")),
    ImportRow("Lhotse `Resample`", "lhotse", lhotse(transformed(name="Resample", kwargs={"target": 16_000})),
              Imports({"a": (LEFT, "one two")}, "played: the sound is the same")),
    ImportRow("Lhotse `perturb_speed`", "lhotse", lhotse(transformed(name="Speed", kwargs={"factor": 1.1})),
              Names("a transform that changes the sound: Speed (factor 1.1)")),
    ImportRow("Lhotse mixed cut", "lhotse", lhotse(cut(type="MixedCut")), Names("a cut of several sounds")),
    ImportRow("Lhotse selection of some channels", "lhotse",
              lhotse(cut(type="MultiCut", channel=[0, 2],
                         recording={"sources": [{"type": "file", "channels": [0, 1, 2], "source": "call.wav"}]})),
              Names("a selection of several channels")),
    ImportRow("Lhotse channel that the recording does not have", "lhotse", lhotse(cut(channel=5)),
              Names("no such channel in its recording")),
    ImportRow("SegLST with a BOM", "seglst", segments(json.dumps([seg()]).encode("utf-8-sig")),
              Imports({"call": (lambda: np.rint((sound(1, 4.0).astype(int) + sound(2, 4.0)) / 2), "one two")},
                      "both channels are mixed", within=1)),
    ImportRow("SegLST with channels, `--split-channels`", "seglst",
              segments(json.dumps([seg(channel=0), seg("three four", 2.0, 3.0, speaker="B", channel=1)])),
              Imports(CALL, "one recording of each channel"), {"split_channels": True}),
    ImportRow("SegLST without channels, `--split-channels`", "seglst", segments(json.dumps([seg()])),
              Names("the text does not say what is said on which channel"), {"split_channels": True}),
    ImportRow("SegLST: a second array behind the first", "seglst", segments(json.dumps([seg()]) + "[]"),
              Names("something behind the end of the array")),
    ImportRow("SegLST: a missing comma", "seglst", segments(f"[{json.dumps(seg())}\n{json.dumps(seg())}]"),
              Names("no comma before this row")),
    ImportRow("SegLST: a comma too many", "seglst", segments(f"[{json.dumps(seg())},]"),
              Names("a comma without a row")),
    ImportRow("SegLST cut off", "seglst", segments(f"[{json.dumps(seg())},\n"), Names("the array does not end")),
    ImportRow("SegLST: a turn beyond the audio", "seglst", segments(json.dumps([seg(end=5.0)])),
              Names("a turn runs past the audio (got 5 s; expected up to 4 s)")),
]  # fmt: skip

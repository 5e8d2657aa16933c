"""What is dropped on the app: pairs, tables, archives, and everything that must not get in."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.app.intake import Limits, Received, import_rows, pair, receive, table_columns
from workbench.corpus import find_corpus, load_corpus
from workbench.corpus.importers.columns import guess_columns
from workbench.corpus.own import correct_reference, corrections, own_corpora, own_place, remove_own
from workbench.errors import CorpusError, InputError


def wav(seconds: float = 0.25) -> bytes:
    """A short tone."""
    file = io.BytesIO()
    soundfile.write(
        file, (8_000 * np.sin(np.arange(round(16_000 * seconds)) / 5)).astype(np.int16), 16_000, format="WAV"
    )
    return file.getvalue()


def drop(folder: Path, limits: Limits | None = None, **files: bytes) -> Received:
    """Drop files; ``__`` in a name is a slash, the last ``_`` a dot."""
    named = [(".".join(name.replace("__", "/").rsplit("_", 1)), io.BytesIO(content)) for name, content in files.items()]
    return receive(folder / "in", named, limits or Limits())


def packed(*files: tuple[str, bytes], link: bool = False) -> bytes:
    """A zip of files; the last one a symbolic link if asked for."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            if link and name == files[-1][0]:
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, data)
    return content.getvalue()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store that the environment names."""
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_recordings_and_texts_of_the_same_name_become_rows(tmp_path: Path) -> None:
    """Letter case and blank lines do not matter; what has no partner is named, grouped by why."""
    received = drop(
        tmp_path, a_wav=wav(), B_WAV=wav(), c_wav=wav(), d_wav=b"no sound", a_txt=b"no  chest\npain\n",
        b_txt=b"\xef\xbb\xbfdry", d_txt=b"x", e_txt=b"nobody", pic_png=b"x",
    )  # fmt: skip
    rows, troubles = pair(received)
    assert [(row.id, row.reference, row.seconds) for row in rows] == [("B", "dry", 0.25), ("a", "no chest pain", 0.25)]
    told = {trouble.items: trouble.what for trouble in troubles}
    assert "no text" in told["c.wav",]
    assert "cannot be read" in told["d.wav",]
    assert "no recording of this name" in told["e.txt",]
    assert "left out" in told["pic.png",]


def test_a_table_with_foreign_column_names_is_guessed_and_can_be_mapped(tmp_path: Path) -> None:
    """Semicolons, a byte order mark, a path as another machine wrote it, and a name without its ending."""
    lines = ("File Name;Doctor;Was gesagt wird;Ward", "C:\\data\\a.wav;Kim;no pain;3", "b;;dry;", "z.wav;;gone;3", "")
    table = "\r\n".join(lines).encode("utf-8-sig")
    received = drop(tmp_path, a_wav=wav(), b_wav=wav(), c_wav=wav(), list_csv=table)
    names = table_columns(received, "list.csv")
    assert names == ("File Name", "Doctor", "Was gesagt wird", "Ward")
    assert guess_columns(names) == {"audio": "File Name", "speaker": "Doctor"}
    columns = {**guess_columns(names), "reference": "Was gesagt wird"}
    rows, troubles = pair(received, "list.csv", columns)
    assert [(row.id, row.reference, row.speaker) for row in rows] == [("a", "no pain", "Kim"), ("b", "dry", None)]
    assert [row.tags for row in rows] == [("Ward:3",), ()]
    assert {trouble.items for trouble in troubles} == {("z.wav",), ("c.wav",)}
    import_rows(received, rows, tmp_path / "set", columns=columns)
    assert [u.tags for u in load_corpus(tmp_path / "set").utterances] == [("Ward:3",), ()]


def test_a_table_is_read_as_the_command_reads_it(tmp_path: Path) -> None:
    """Stretches of one recording, ids, tags, decimal commas, a cell over two lines; nobody is a speaker."""
    lines = ("id;clip;text;start;end;doctor;ward", 'x1;a.wav;"no\npain";0;0,5;Kim;ICU', "x2;a.wav;dry;0,5;1,25;Kim;ER")
    received = drop(tmp_path, a_wav=wav(2.0), list_csv="\n".join(lines).encode())
    columns = {"audio": "clip", "reference": "text"}
    rows, troubles = pair(received, "list.csv", columns)
    assert troubles == []
    assert [(row.id, row.seconds, row.speaker, row.tags) for row in rows] == [
        ("x1", 0.5, None, ("ward:ICU",)), ("x2", 0.75, None, ("ward:ER",)),
    ]  # fmt: skip
    import_rows(received, rows, tmp_path / "set", columns=columns)
    corpus = load_corpus(tmp_path / "set")
    found = [(u.id, u.start_sample, u.samples, u.speaker, u.tags) for u in corpus.utterances]
    assert found == [("x1", 0, 8_000, None, ("ward:ICU",)), ("x2", 8_000, 12_000, None, ("ward:ER",))]


def test_a_row_that_is_none_and_a_table_that_is_none_are_named(tmp_path: Path) -> None:
    """The others are taken."""
    received = drop(tmp_path, a_wav=wav(), b_wav=wav(), list_csv=b"file,text,ward\na.wav,,3\nb.wav,dry,3\nb.wav,1\n")
    rows, troubles = pair(received, "list.csv", {"audio": "file", "reference": "text"})
    assert [row.id for row in rows] == ["b"]
    assert {trouble.items: trouble.what for trouble in troubles} == {
        ("a.wav",): "no text in this row", ("row 4",): "wrong number of cells (got 2; expected 3)",
    }  # fmt: skip
    with pytest.raises(CorpusError, match="fewer than two columns"):
        table_columns(drop(tmp_path, list_csv=b"file\na.wav\n"), "list.csv")


def test_texts_of_channels_and_texts_in_a_folder_of_their_own_are_found(tmp_path: Path) -> None:
    """Where two recordings of one name want a text it is given to neither."""
    received = drop(
        tmp_path, audio__a_wav=wav(), text__A_txt=b"no pain", x__b_wav=wav(), y__b_wav=wav(), text__b_txt=b"dry",
    )  # fmt: skip
    rows, troubles = pair(received)
    assert [(row.audio, row.reference) for row in rows] == [("audio/a.wav", "no pain")]
    assert sorted(item for trouble in troubles for item in trouble.items) == ["b.txt", "b.wav", "b.wav"]
    stereo = io.BytesIO()
    soundfile.write(stereo, np.full((4_000, 2), 300, np.int16), 16_000, format="WAV")
    files = {"c.wav": stereo.getvalue(), "c.ch0.txt": b"good morning", "c.ch1.txt": b"hello"}
    received = receive(tmp_path / "in", [(name, io.BytesIO(content)) for name, content in files.items()])
    rows, troubles = pair(received)
    assert troubles == []
    import_rows(received, rows, tmp_path / "set")
    found = [(u.id, u.channel, u.reference.written) for u in load_corpus(tmp_path / "set").utterances]
    assert found == [("c-ch0", 0, "good morning"), ("c-ch1", 1, "hello")]
    assert [row.id for row in rows] == ["c-ch0", "c-ch1"]


@pytest.mark.parametrize("name", ["../../evil.wav", "/etc/evil.wav", "C:\\evil.wav", "a/../../evil.wav"])
def test_an_archive_that_reaches_out_of_its_folder_is_refused_whole(name: str, tmp_path: Path) -> None:
    """Nothing of it stays, inside of the folder or outside."""
    with pytest.raises(InputError, match="leaves its folder"):
        drop(tmp_path, all_zip=packed(("ok.wav", wav()), (name, b"x")))
    assert not list(tmp_path.rglob("*.wav"))
    assert not (tmp_path / "in").exists()


def test_a_link_in_an_archive_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    """Each in one line."""
    with pytest.raises(InputError, match="a link"):
        drop(tmp_path, all_zip=packed(("a.txt", b"/etc/passwd"), link=True))
    with pytest.raises(InputError, match="cannot be read"):
        drop(tmp_path, all_zip=packed(("a.txt", b"x" * 500))[:60])


def test_what_unpacks_to_more_than_is_allowed_is_refused_while_it_is_written(tmp_path: Path) -> None:
    """By its ratio, by the room, by the number of files, by the length of a table."""
    bomb = packed(("a.wav", bytes(20 * 1024**2)))
    assert len(bomb) < 100_000
    with pytest.raises(InputError, match="too much data in one drop"):
        drop(tmp_path, all_zip=bomb)
    assert not (tmp_path / "in").exists()
    with pytest.raises(InputError, match="too much data in one drop"):
        drop(tmp_path, Limits(bytes=10_000), a_wav=wav(1.0))
    with pytest.raises(InputError, match="too many files"):
        drop(tmp_path, Limits(files=2), a_wav=wav(), b_wav=wav(), c_wav=wav())
    with pytest.raises(InputError, match="too much data in one drop"):
        drop(tmp_path, Limits(text_bytes=100), a_csv=b"x" * 101)


def test_names_of_dropped_files_cannot_leave_the_folder(tmp_path: Path) -> None:
    """What systems put beside files is passed over in silence."""
    files = [
        ("../../a.wav", io.BytesIO(wav())),
        ("__MACOSX/._a.wav", io.BytesIO(b"x")),
        ("x/.DS_Store", io.BytesIO(b"x")),
    ]
    received = receive(tmp_path / "in", files)
    assert received.sounds == ("a.wav",)
    assert received.troubles == ()


def test_a_set_is_imported_found_by_name_corrected_and_removed(store: Path, tmp_path: Path) -> None:
    """The way through of a data set of one's own."""
    received = drop(tmp_path, all_zip=packed(("day/a.wav", wav()), ("day/a.txt", b"no pain"), ("day/b.wav", wav(0.5)),
                                             ("day/b.txt", b"ten mg")))  # fmt: skip
    rows, troubles = pair(received)
    assert troubles == []
    report = import_rows(received, rows, own_place("mine"))
    assert report.utterances == 2
    assert not received.folder.exists()
    assert list(own_corpora()) == ["mine"]
    place = find_corpus("mine")
    corpus = load_corpus(place)
    assert [u.reference.written for u in corpus.utterances] == ["no pain", "ten mg"]
    assert all(u.audio.resolve().is_relative_to(store.resolve()) for u in corpus.utterances)
    with pytest.raises(CorpusError, match="of this name"):
        own_place("mine")
    correct_reference(place, "b", "  twenty mg ")
    correct_reference(place, "b", "20 mg")
    assert load_corpus(place).utterance("b").reference.written == "20 mg"
    assert [(c.before, c.after) for c in corrections(place)] == [("ten mg", "twenty mg"), ("twenty mg", "20 mg")]
    with pytest.raises(CorpusError, match="empty reference"):
        correct_reference(place, "b", " ")
    remove_own("mine")
    assert own_corpora() == {}
    with pytest.raises(CorpusError, match="no such data set"):
        remove_own("clinic")


@pytest.mark.parametrize("name", ["", "../up", ".hidden", "a/b", "x" * 65, "clinic"])
def test_a_name_that_cannot_be_one_or_is_taken_is_refused(name: str, store: Path) -> None:
    """Before anything is written."""
    with pytest.raises(CorpusError):
        own_place(name, ("clinic",))
    assert not store.exists()

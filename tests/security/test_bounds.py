"""What comes in is bounded before it is in memory: each with the memory that a process of its own took."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile as sf

from tests.stored import batch, store_run
from workbench.errors import AudioError, StoreError
from workbench.store import open_run, verify_run
from workbench.store.parquet import read_scores
from workbench.store.schema import frame_schema, session_schema

MOST_MB = 1000

MEASURE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
sys.argv[0] = "workbench"
from workbench.cli import main
try:
    main()
finally:
    print("MB", int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) // 1024, file=sys.stderr)
"""


def measured(*words, cwd):
    """Exit code, what was said, and megabytes of a command."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", MEASURE, *map(str, words)], cwd=cwd, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    lines = done.stderr.splitlines()
    (memory,) = [int(line.split()[1]) for line in lines if line.startswith("MB ")]
    return done.returncode, done.stdout + done.stderr, memory


@pytest.mark.slow
def test_a_small_sound_file_that_claims_hours_of_many_channels_is_refused(tmp_path):
    """2.9 MB of FLAC took 20 GB; samples times channels decide, before anything is decoded."""
    silence = np.zeros((1 << 20, 8), np.int16)
    with sf.SoundFile(tmp_path / "a.flac", "w", 48_000, 8, "PCM_16") as file:
        for _ in range(129):
            file.write(silence)
    assert (tmp_path / "a.flac").stat().st_size < 2_000_000
    (tmp_path / "manifest.jsonl").write_text(json.dumps({"id": "u", "audio": "a.flac", "reference": "no pain"}) + "\n")
    code, said, memory = measured("datasets", "check", tmp_path, cwd=tmp_path)
    assert (code, "recording too long" in said) == (1, True)
    assert memory < MOST_MB
    code, said, memory = measured("run", "--corpus", tmp_path, "--endpoint", "http://127.0.0.1:9", cwd=tmp_path)
    assert (code, "recording too long" in said) == (2, True)
    assert memory < MOST_MB
    from workbench.audio.sound import check_values

    check_values(Path("x"), 1 << 24, 64)
    with pytest.raises(AudioError, match="samples times channels"):
        check_values(Path("x"), (1 << 24) + 1, 64)


def default_of(kind, text):
    """A value of an Arrow type."""
    if pa.types.is_string(kind) or pa.types.is_dictionary(kind):
        return text
    if pa.types.is_list(kind):
        return []
    return 0


def blown_up(schema, rows):
    """A table of equal rows, of which one column is what it should not be."""
    columns = []
    for field in schema:
        value = default_of(field.type, "")
        if pa.types.is_dictionary(field.type):
            indices = pa.array(np.zeros(rows, np.int32))
            columns.append(pa.DictionaryArray.from_arrays(indices, pa.array([value])))
        else:
            columns.append(pa.array([value] * rows, field.type))
    return pa.table(columns, schema=schema)


LONG = "x" * (8 << 20)


def sessions_bomb(path):
    """Three hundred references of 8 MiB in one dictionary: 2.4 GB."""
    with pq.ParquetWriter(path, session_schema(), compression="zstd", use_dictionary=["reference_written"]) as writer:
        plain = blown_up(session_schema(), 64)
        wide = pa.DictionaryArray.from_arrays(pa.array(np.zeros(64, np.int32)), pa.array([LONG]))
        for _ in range(5):
            place = plain.schema.get_field_index("reference_written")
            writer.write_table(plain.set_column(place, session_schema().field(place), wide.cast(pa.string())))


def frames_bomb(path):
    """Ten million frames of zeros, run-length encoded."""
    rows = 10_000_000
    columns = [
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["audio"]))
        if pa.types.is_dictionary(field.type)
        else pa.nulls(rows, field.type)
        if field.nullable
        else pa.array(np.zeros(rows, np.int64))
        for field in frame_schema()
    ]
    pq.write_table(pa.table(columns, schema=frame_schema()), path, compression="zstd", use_dictionary=["cell", "kind"])


def scores_bomb(path):
    """A list of forty million zeros in one row, which Python makes 1.6 GB of."""
    values = pa.array(np.zeros(40_000_000, np.int64))
    lists = pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)
    pq.write_table(pa.table({"cell": ["clean"], "latency_word_latency_ns": lists}), path, compression="zstd")


BOMBS = {"sessions.parquet": sessions_bomb, "frames.parquet": frames_bomb, "scores.parquet": scores_bomb}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_small_parquet_file_does_not_become_gigabytes(name, tmp_path):
    """22 kB took 8.4 GB in verify; every verb that reads it says so in one line."""
    store = tmp_path / "runs"
    run_id = store_run(store, batch(2))
    file = store / run_id / name
    BOMBS[name](file)
    assert file.stat().st_size < 2_000_000
    manifest = json.loads((store / run_id / "manifest.json").read_text())
    manifest["files"].pop(name, None)  # its maker would have made the hash fit
    (store / run_id / "manifest.json").write_text(json.dumps(manifest))
    for verb in (["runs", "verify"], ["score"]):
        code, said, memory = measured(*verb, run_id, "--store", store, cwd=tmp_path)
        if verb == ["runs", "verify"] or name != "scores.parquet":
            assert (code, "would take too much memory" in said) == (1, True), (verb, said)
        assert "internal error" not in said
        assert memory < MOST_MB, verb
    code, _, memory = measured("runs", "list", "--store", store, cwd=tmp_path)
    assert (code, memory < MOST_MB) == (0, True)


def test_what_the_workbench_writes_is_far_from_the_bound(tmp_path):
    """And is read."""
    run_id = store_run(tmp_path, batch(24))
    assert verify_run(open_run(tmp_path, run_id)) == []
    assert read_scores(tmp_path / run_id)


def test_frames_that_a_session_claims_and_the_file_has_not_are_refused_before_they_are_read(tmp_path):
    """Negative numbers, too."""
    run_id = store_run(tmp_path, batch(2))
    file = tmp_path / run_id / "sessions.parquet"
    table = pq.read_table(file)
    for count, says in ((1 << 40, "frames are missing"), (-1, "negative")):
        place = table.schema.get_field_index("frame_count")
        pq.write_table(table.set_column(place, table.schema.field(place), pa.array([count, 0])), file)
        with pytest.raises(StoreError, match=says):
            open_run(tmp_path, run_id).records()

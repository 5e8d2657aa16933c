"""Shards that were played apart make the run that one machine would have made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.quick import ask, call, short_corpus
from workbench.comparing.runs import compare_runs
from workbench.corpus import load_corpus
from workbench.errors import InputError
from workbench.runs.evaluate import evaluate
from workbench.runs.merge import merge_runs
from workbench.runs.order import Shard, session_keys
from workbench.settings import Settings
from workbench.store import RunWriter, open_run, verify_run


@pytest.fixture(scope="module")
def simulator(scripted_service):
    """The service that all shards play to."""
    return scripted_service


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Seven utterances: no multiple of any number of shards here."""
    return load_corpus(short_corpus(tmp_path_factory.mktemp("corpus") / "short", 7))


@pytest.fixture(scope="module")
def shards(corpus, simulator, tmp_path_factory):
    """Three shards, each in a store of its own as build machines have, and the whole run."""
    question = ask(corpus, repeats=2)
    found = []
    for number in (1, 2, 3):
        settings = Settings(endpoint=simulator.url, store=tmp_path_factory.mktemp(f"shard{number}"))
        found.append(evaluate(question, settings, shard=Shard(number, 3)).run)
    whole = evaluate(question, Settings(endpoint=simulator.url, store=tmp_path_factory.mktemp("whole")))
    return found, whole


@given(utterances=st.integers(1, 7), of=st.integers(1, 9), repeats=st.integers(1, 3), talk=st.booleans())
def test_every_session_is_in_exactly_one_shard_and_pairs_stay_together(corpus, utterances, of, repeats, talk):
    """Whatever the number of shards; each keeps the order of the whole."""
    question = ask(corpus, repeats=repeats, push_to_talk=talk, utterances=corpus.utterances[:utterances])
    whole = session_keys(question)
    parts = [session_keys(question, Shard(number, of)) for number in range(1, of + 1)]
    assert sorted(key for part in parts for key in part) == sorted(whole)
    speaker = {u.id: u.speaker for u in corpus.utterances}
    for part in parts:
        assert part == [key for key in whole if key in part]
        for key in part:
            together = speaker if talk else {u: u for u in speaker}
            mates = [k for k in whole if (together[k.utterance], k.repeat) == (together[key.utterance], key.repeat)]
            assert set(mates) <= set(part)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2", "1/2/3"])
def test_what_is_no_shard_is_refused(text):
    """With what it should look like."""
    with pytest.raises(InputError, match=r"^shard: "):
        Shard.parse(text)


def test_merged_shards_equal_the_run_of_one_machine(shards, tmp_path):
    """Counts, keys, plans and pairs; who played what is kept, the shards stay, verify is clean."""
    parts, whole = shards
    merged = merge_runs([parts[2], parts[0], parts[1]], tmp_path)
    mine, theirs = merged.run.manifest, whole.run.manifest
    assert merged.complete
    assert (mine.counts, mine.corpus, mine.cells, mine.seed) == (
        theirs.counts,
        theirs.corpus,
        theirs.cells,
        theirs.seed,
    )
    assert mine.request == replace_endpoint(theirs.request, mine.request)
    plans = {r.key: r.plan_hash for r in merged.run.records()}
    assert plans == {r.key: r.plan_hash for r in whole.run.records()}
    assert [(c.cell, c.n, c.failed, c.words.rate) for c in merged.cells] == [
        (c.cell, c.n, c.failed, c.words.rate) for c in whole.cells
    ]
    assert [p.comparison.n for p in compare_runs([merged]).pairs] == [
        p.comparison.n for p in compare_runs([whole]).pairs
    ]
    assert [part.name for part in mine.parts] == ["shard 1/3", "shard 2/3", "shard 3/3"]
    assert [part.run_id for part in mine.parts] == [run.run_id for run in parts]
    assert sum(part.sessions for part in mine.parts) == mine.counts.sessions == 28
    assert mine.anchor_end == max((run.manifest.anchor_end for run in parts), key=lambda at: at.wall_ns)
    assert compare_runs([merged, whole]).unlike == ()
    assert not [line for line in compare_runs([whole, merged]).warnings if "machine" in line]
    mine.parts[0].host.cpu = "another"
    assert [line for line in compare_runs([whole, merged]).warnings if "machine" in line]
    assert verify_run(open_run(tmp_path)) == []
    assert all(verify_run(run) == [] for run in parts)


def replace_endpoint(asked, like):
    """Ports of simulators may differ."""
    import msgspec

    return msgspec.structs.replace(asked, spec=asked.spec | {"endpoint": like.spec["endpoint"]})


def test_what_does_not_make_one_run_is_refused_by_name(shards, corpus, simulator, tmp_path):
    """Twice, missing, foreign, whole, unfinished: one clear line each, and nothing is written."""
    parts, whole = shards
    settings = Settings(endpoint=simulator.url, store=tmp_path / "other")
    foreign = evaluate(ask(corpus, repeats=2, seed=4), settings, shard=Shard(3, 3)).run
    other_cut = evaluate(ask(corpus, repeats=2), settings, shard=Shard(2, 2)).run
    copied = Path(shutil.copytree(parts[1].path, tmp_path / "copy" / parts[1].run_id))
    store = tmp_path / "merged"
    for runs, says in (
        (parts[:1], "nothing to merge"),
        ([*parts, open_run(copied.parent)], "shard 2/3 is there twice"),
        (parts[:2], "shard 3/3 is missing"),
        ([*parts[:2], foreign], "of another run: its seed is not that of"),
        ([*parts[:2], other_cut], "its number of shards is not that of"),
        ([*parts[:2], whole.run], "not a shard: it is a whole run"),
    ):
        with pytest.raises(InputError, match=says) as refused:
            merge_runs(runs, store)
        assert "\n" not in str(refused.value)
    with RunWriter.resume(copied):
        pass
    with pytest.raises(InputError, match=r"shard 2/3 is not complete .* workbench resume"):
        merge_runs([parts[0], open_run(copied.parent), parts[2]], store)
    assert not store.exists()


def test_the_verbs_of_a_build_matrix(simulator, tmp_path):
    """--shard on sweep and run, then runs merge, as it is typed; a resumed shard merges like any other."""
    corpus = short_corpus(tmp_path / "c", 4)
    common = ("--corpus", corpus, "--endpoint", simulator.url, "--store", tmp_path / "runs", "--json")
    ids = []
    for shard in ("1/2", "2/2"):
        status, out, err = call("sweep", *common, "--vary", "snr_db=20,10", "--vary", "pace=inf", "--shard", shard)
        assert status == 0, err
        assert f"Shard {shard}: 4 sessions" in err
        ids.append(json.loads(out)["run_id"])
    status, out, err = call("runs", "merge", *ids, "--store", tmp_path / "runs", "--json")
    assert status == 0, err
    merged = json.loads(out)
    assert (merged["sessions"], merged["status"]) == (8, "committed")
    assert call("runs", "verify", merged["run_id"], "--store", tmp_path / "runs")[0] == 0
    status, _, err = call("runs", "merge", ids[0], ids[0], "--store", tmp_path / "runs")
    assert (status, "is there twice" in err) == (2, True)
    status, _, err = call("run", *common, "--shard", "3/2")
    assert (status, "there is no such shard" in err) == (2, True)

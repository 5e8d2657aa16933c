"""``workbench sweep``: said before it is played, paired when it is."""

import json

import pytest

from tests.cli.test_end_to_end import workbench
from tests.cli.within import within


def test_a_dry_run_says_cells_sessions_minutes_and_what_could_be_found(tmp_path):
    """And plays nothing."""
    arguments = ("--vary", "snr_db=inf,30,20", "--vary", "chunk_ms=50,100", "--limit", "6", "--dry-run")
    done = within("sweep", *arguments, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert (len(plan["cells"]), plan["utterances"], plan["sessions"]) == (6, 6, 36)
    # Whole sessions do not fill four places evenly.
    assert plan["speech_minutes"] / 4 <= plan["minutes"] < 1.2 * plan["speech_minutes"] / 4
    assert plan["smallest_detectable_wer"] is None or plan["smallest_detectable_wer"] > 0
    assert plan["utterances_needed"]["0.02"] > plan["utterances_needed"]["0.05"] > 20
    assert "no pilot" in plan["smallest_detectable_reason"]
    assert not (tmp_path / ".runs").exists()
    shown = within("sweep", *arguments, cwd=tmp_path).stdout
    assert "6 configurations x 6 utterances x 1 time = 36 sessions" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--vary", "snr_db=loud"), "snr_db"),
        (("--vary", "sample_rate_hz=7"), "8000"),
        (("--vary", "nonsense=1"), "nonsense"),
        (("--vary", "chunk_ms=50", "file.toml"), "one of them"),
        ((), "nothing to vary"),
        (("missing.toml",), "missing.toml"),
        (("--vary", "chunk_ms=50", "--corpus", "nowhere"), "nowhere"),
    ],
)
def test_a_bad_sweep_fails_before_the_first_session(tmp_path, arguments, says):
    """With the path of the key and the allowed values."""
    done = within("sweep", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_a_sweep_is_paired_and_noise_costs_words(tmp_path):
    """Two cells of six utterances, four at a time; the next plan knows what it can find."""
    arguments = ("sweep", "--vary", "snr_db=inf,20", "--concurrency", "4", "--json")
    done = workbench(*arguments, "--limit", "6", cwd=tmp_path, timeout=240)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [cell["n"] for cell in result["cells"]] == [6] * 2
    assert [cell["failed"] for cell in result["cells"]] == [0] * 2
    wer = [cell["wer"] for cell in result["cells"]]
    assert wer[0] < wer[1]
    compared = json.loads(workbench("compare", "last", "--json", cwd=tmp_path).stdout)
    assert [c["pairs"] for c in compared["comparisons"]] == [6]
    plan = json.loads(workbench(*arguments, "--limit", "24", "--dry-run", cwd=tmp_path).stdout)
    assert 0 < plan["smallest_detectable_wer"] < 0.5

"""What a run costs: planned and played, against sums made by hand."""

from __future__ import annotations

import json

import pytest

from tests.cli.within import within
from tests.stored import failing, heard, store_run, stored
from workbench.errors import ConfigurationError
from workbench.runs.cost import played_cost
from workbench.runs.resolve import resolve
from workbench.runs.spec import RunSpec
from workbench.settings import load_settings

CLINIC_S = sum(u.duration_s for u in resolve(RunSpec(corpus="clinic")).utterances)


def priced(folder, text="price_per_minute = 0.5\n"):
    """A folder with a price."""
    (folder / "workbench.toml").write_text(text)
    return folder


def test_a_plan_says_what_it_will_cost(tmp_path):
    """All of clinic, twice, as it is and at half speed with a second in front: (1 + 2) lengths and the leads."""
    arguments = ("sweep", "--vary", "speed=1,0.5", "--set", "lead_ms=1000", "--repeats", "2", "--dry-run")
    done = within(*arguments, "--json", cwd=priced(tmp_path))
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    minutes = 2 * (3 * CLINIC_S + 2 * plan["utterances"] * 1.0) / 60
    assert plan["cost"] == {
        "minutes": pytest.approx(minutes), "price_per_minute": 0.5, "amount": pytest.approx(minutes / 2),
    }  # fmt: skip
    shown = within(*arguments, cwd=tmp_path).stdout
    assert (
        f"cost {minutes / 2:.2f} for {minutes:.1f} min of audio at 0.5 a minute; the simulator costs nothing" in shown
    )
    (tmp_path / "workbench.toml").unlink()
    assert "cost" not in json.loads(within(*arguments, "--json", cwd=tmp_path).stdout)


def test_all_audio_that_was_sent_is_paid(tmp_path):
    """1 s that completed, 3 s that failed half way, an attempt of 1 s before, and one that was refused: 5 s."""
    records = [heard(), heard(utterance="f", chunks=30), heard(utterance="u00", attempt=1), *failing(1)]
    found = played_cost(stored(tmp_path, records).scores, 0.6)
    assert (found.minutes * 60, found.amount) == (pytest.approx(5), pytest.approx(0.05))
    assert played_cost(stored(tmp_path, records).scores, None) is None
    assert played_cost(stored(tmp_path, failing(2)).scores, 0.6) is None


@pytest.mark.parametrize(("recogniser", "paid"), [(None, True), ("scripted", False)])
def test_show_says_what_a_run_on_the_service_cost(tmp_path, recogniser, paid):
    """The simulator costs nothing, so nothing is said."""
    store_run(tmp_path / ".runs", [heard(utterance=f"u{i}", chunks=60) for i in range(10)], recogniser=recogniser)
    found = json.loads(within("show", "--json", cwd=priced(tmp_path)).stdout)
    assert ("cost" in found) == paid
    assert ("cost 0.50 for 1.0 min of audio at 0.5 a minute" in within("show", cwd=tmp_path).stdout) == paid


@pytest.mark.parametrize("price", ["-1", "inf", "nan", '"cheap"', "2e6"])
def test_a_price_that_is_none_is_refused(tmp_path, price):
    """By its key, before anything is played."""
    with pytest.raises(ConfigurationError, match="price_per_minute"):
        load_settings({}, file=priced(tmp_path, f"price_per_minute = {price}\n") / "workbench.toml")


def test_the_price_of_a_folder_comes_before_that_of_the_user(tmp_path):
    """As every setting."""
    (tmp_path / "suki-workbench").mkdir()
    (tmp_path / "suki-workbench" / "workbench.toml").write_text("price_per_minute = 2\n")
    own = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert load_settings(own, file=tmp_path / "none.toml").price_per_minute == 2
    assert load_settings(own, file=priced(tmp_path) / "workbench.toml").price_per_minute == 0.5

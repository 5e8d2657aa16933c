"""Levels of load across the workers of a Dask cluster on this machine."""

from __future__ import annotations

import json
import pickle
import signal
import time

import httpx
import pytest
from click.testing import CliRunner

from tests.quick import CLUSTER_ENDS, command
from workbench.cli import cli
from workbench.corpus import find_corpus
from workbench.errors import InputError, ServiceError
from workbench.instrument.capacity import LoadPlan, Objective
from workbench.runs.cluster_capacity import PartTask, capacity_on_cluster
from workbench.settings import Settings
from workbench.simulator.control_token import control_headers
from workbench.simulator.local import LocalSimulator

pytestmark = CLUSTER_ENDS


@pytest.mark.slow
def test_a_level_is_split_over_the_workers_and_adds_up(cluster, scripted_service, tmp_path):
    """Nine sessions of one second, ten chunks each, five on one worker and four on the other; stored as any result."""
    arguments = ["capacity", "--endpoint", scripted_service.url, "--sessions", "9", "--seconds", "1"]
    arguments += ["--cluster", cluster.scheduler_address, "--store", str(tmp_path), "--errors", "1", "--json"]
    done = CliRunner().invoke(cli, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    (level,) = json.loads(done.stdout)["levels"]
    assert (level["sessions"], level["processes"], level["played"], level["errors"]) == (9, 2, 9, 0)
    assert level["frames"] == 90
    assert level["replies"] > 0
    assert (tmp_path / "capacity.jsonl").is_file()


@pytest.mark.slow
def test_what_a_worker_cannot_do_ends_the_level_for_all(cluster):
    """No service there: the line of the worker that met it first, and the workers take the next level at once."""
    load = LoadPlan(4, 1.0, corpus=find_corpus("clinic"))
    for _ in range(2):
        with pytest.raises(ServiceError):
            capacity_on_cluster(Settings(endpoint="http://127.0.0.1:9"), load, Objective(), cluster.scheduler_address)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "load", "line"),
    [
        (Settings(endpoint="http://127.0.0.1:9"), LoadPlan(4, 1.0, processes=2), "Start more workers"),
        (Settings(), LoadPlan(4, 1.0), "do not reach a simulator that starts here"),
        (Settings(endpoint="https://suki.example"), LoadPlan(4, 1.0), "`owned`"),
    ],
)
def test_what_a_cluster_does_not_play_is_said_before_anything_is_sent(cluster, settings, load, line):
    with pytest.raises(InputError, match=line):
        capacity_on_cluster(settings, load, Objective(), cluster.scheduler_address)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "end", "code", "line"),
    [
        ("cluster", signal.SIGINT, 130, "workbench: interrupted"),
        ("cluster", signal.SIGKILL, -signal.SIGKILL, ""),
        ("processes", signal.SIGINT, 130, "workbench: interrupted"),
    ],
)
def test_a_level_ends_with_its_command_wherever_it_is_played(cluster, where, end, code, line):
    """Of ten minutes; nobody waits for them, and nothing goes on loading the service behind the command's back."""
    split = ["--cluster", cluster.scheduler_address] if where == "cluster" else ["--processes", "2"]
    with LocalSimulator("--recogniser", "scripted") as simulator:
        asked = ["capacity", "--endpoint", simulator.url, "--sessions", "4", "--seconds", "600", *split]
        with command(*asked, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) as process:
            until(lambda: streaming(simulator) == 4)
            begun = time.monotonic()
            process.send_signal(end)
            _, err = process.communicate(timeout=60)
            took_s = time.monotonic() - begun
            assert (process.returncode, err.strip()) == (code, line)
        until(lambda: streaming(simulator) == 0)
    assert took_s < 20, "the level itself lasts 600 s"


def until(holds):
    deadline_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.1)


def streaming(simulator):
    """Connections that send at this moment."""
    answer = httpx.get(f"{simulator.url}/_sim/health", headers=control_headers(simulator.url))
    return answer.json()["sessions"]["RUNNING"]


def test_what_goes_to_a_worker_has_no_place_for_a_secret():
    """Each worker has credentials of its own: the task names the service, and the load is numbers and a path."""
    task = PartTask("m", LoadPlan(4, 1.0), "https://suki.example", None, 2, 0)
    names = set(PartTask.__dataclass_fields__) | set(LoadPlan.__dataclass_fields__)
    assert not names & {"settings", "credentials", "address", "partner_token", "proxy"}
    assert b"https://suki.example" in pickle.dumps(task)

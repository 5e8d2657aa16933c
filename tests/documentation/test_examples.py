"""Examples that are to be copied: parsed, and their commands run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.documentation.commands import ROOT, commands, unknown_parts
from tests.installed import clean_environment
from workbench.comparing.gate import load_rules
from workbench.corpus import check_corpus, load_corpus
from workbench.runs.sweep import cells_of, load_sweep

EXAMPLES = ROOT / "examples"
GITHUB = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())
GITLAB = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())


def github_steps():
    """Shell steps of the workflow, without the installation."""
    return [step["run"] for step in GITHUB["jobs"]["gate"]["steps"] if "run" in step and step["name"] != "Install"]


def gitlab_steps():
    """Lines of the job."""
    job = GITLAB["speech-gate"]
    return [*job["script"], *job["after_script"]]


def test_the_corpus_to_copy_is_sound():
    """Two files, their words timed, their terms marked."""
    assert check_corpus(EXAMPLES / "corpus") == []
    corpus = load_corpus(EXAMPLES / "corpus")
    assert len(corpus.utterances) == 2
    assert all(u.reference.words and u.reference.terms for u in corpus.utterances)


def test_the_sweep_and_the_rules_are_understood():
    """By the very readers of the commands."""
    sweep = load_sweep(EXAMPLES / "sweep.toml")
    assert cells_of(sweep)[0].name == "desktop microphone"
    assert len(cells_of(sweep)) == 5
    rules = load_rules(EXAMPLES / "gate.toml")
    assert rules.limits
    assert rules.margins


def test_the_workflows_install_first_and_keep_transcripts_to_themselves():
    """No store among the artifacts; a report is redacted; both jobs do the same."""
    job = GITHUB["jobs"]["gate"]
    assert "pip install suki-workbench" in next(s["run"] for s in job["steps"] if s.get("name") == "Install")
    assert "pip install suki-workbench" in GITLAB["speech-gate"]["before_script"][0]
    upload = next(step["with"]["path"] for step in job["steps"] if "upload-artifact" in step.get("uses", ""))
    kept = upload.split() + GITLAB["speech-gate"]["artifacts"]["paths"]
    assert not any(path.startswith("runs") for path in kept)
    for steps in (github_steps(), gitlab_steps()):
        lines = [line for step in steps for line in step.splitlines() if line.startswith("workbench ")]
        assert [unknown_parts(line.partition(" > ")[0]) for line in lines] == [[]] * len(lines)
        assert any("report" in line and "--redact" in line for line in lines)
    assert [line for line in "\n".join(github_steps()).splitlines() if line.startswith("workbench")] == [
        line for line in gitlab_steps() if line.startswith("workbench")
    ]


def test_the_commands_of_the_page_exist():
    """Verbs and flags."""
    found = commands(EXAMPLES / "README.md")
    assert len(found) == 5
    assert [unknown_parts(command) for command in found] == [[]] * 5


def shell(script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Lines of a job in one shell, as a runner has it: the first failure ends it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = clean_environment(PATH=path, WORKBENCH_MODEL="general", **more)
    return subprocess.run(
        ["/bin/bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder, capture_output=True, text=True, timeout=150, check=False, env=environment,
    )  # fmt: skip


@pytest.mark.slow
def test_the_sweep_is_planned(tmp_path):
    """Five cells of 24 utterances, and nothing is played."""
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    done = shell("workbench sweep examples/sweep.toml --dry-run --json", tmp_path)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert (plan["sessions"], plan["utterances"]) == (120, 24)


def test_the_other_job_is_one_a_shell_can_read():
    """Its lines of workbench are those of the job played below; the rest is parsed, and its variables are known."""
    script = "\n".join(gitlab_steps())
    assert subprocess.run(["/bin/bash", "-n", "-c", script], check=False, timeout=60).returncode == 0
    known = set(GITLAB["speech-gate"]["variables"]) | set(re.findall(r"^([A-Z_]+)=", script, re.MULTILINE))
    assert set(re.findall(r"\$\{?([A-Z_]+)", script)) <= known


@pytest.mark.slow
def test_a_job_of_the_example_passes_and_fails_as_it_should(tmp_path):
    """Against the simulator: the same model twice passes; the files that a build shows are there."""
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    plain = {key: str(value) for key, value in GITHUB["jobs"]["gate"]["env"].items() if "${{" not in str(value)}
    more = plain | {"BASE_ENDPOINT": "simulator", "CANDIDATE_ENDPOINT": "simulator"}
    more |= {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    # A busy machine may fail the check of its pacing; that is the doctor's own test.
    script = "\n".join(step for step in github_steps() if "workbench doctor" not in step)
    done = shell(script, tmp_path, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {path.name for path in tmp_path.iterdir()}
    assert {"gate.xml", "gate.md", "report.html", "baseline.json", "candidate.json"} <= made
    assert "amoxicillin" not in (tmp_path / "report.html").read_text()
    strict = (tmp_path / "examples" / "gate.toml").read_text().replace("wer = 0.6", "wer = 0.0")
    (tmp_path / "strict.toml").write_text(strict)
    base = json.loads((tmp_path / "baseline.json").read_text())["run_id"]
    # The page of the examples, with the runs at hand.
    gate = commands(EXAMPLES / "README.md")[-1].replace("BASE", base)
    assert shell(gate, tmp_path, **more).returncode == 0
    judged = shell(f"workbench gate last --against {base} --config strict.toml", tmp_path, **more)
    assert judged.returncode == 1, judged.stdout
    assert shell(gate.replace(base, "last"), tmp_path, **more).returncode == 2

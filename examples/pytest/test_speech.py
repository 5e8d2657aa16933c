"""Speech tests of an integration: a simulator, runs against it, and an assertion on what a change costs.

They judge words alone (``uncertified=True``), so the audio need not be sent in real time (``pace=inf``). Leave both out
on a quiet machine to judge latency too.
"""

from math import inf

import httpx

from workbench.pytest_plugin import AssertNoRegression, LocalSimulator, PlayRun

CORPUS = "librivox"
"""Recordings to test with: the name or folder of your own goes here."""


def test_the_simulator_takes_our_credentials(simulator: LocalSimulator) -> None:
    """The fixture has the address and the credentials that a client under test needs."""
    credentials = {"partner_id": simulator.partner_id, "partner_token": simulator.partner_token}
    answer = httpx.post(f"{simulator.url}/api/v1/auth/login", json=credentials)
    assert answer.status_code == 200, answer.text


def test_the_new_version_is_no_worse(suki_run: PlayRun, assert_no_regression: AssertNoRegression) -> None:
    """Limits on a run, then another run against it, utterance by utterance. Shares are ratios, times are ms."""
    baseline = suki_run(CORPUS, limit=6, pace=inf, concurrency=1)
    gated = baseline.gate(limits={"failed": 0.0, "wer": 0.9}, min_utterances=6, uncertified=True)
    assert gated.verdict == "pass", gated
    # With settings=wb.Settings(endpoint=...) the second run is played to the service that is to be released.
    candidate = suki_run(CORPUS, limit=6, pace=inf, concurrency=1)
    # Six utterances show no less than 25 points; twenty and more, which is the default, show a few.
    assert_no_regression(candidate, baseline, wer=0.3, min_utterances=6, uncertified=True)

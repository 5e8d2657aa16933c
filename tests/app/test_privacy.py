"""What privacy mode hides, and what never leaves the workbench in a diagnostics bundle."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.app.conftest import Draw
from tests.app.stores import PAGES, damaged_manifest, texts
from tests.stored import batch, heard, store_run
from workbench.app import diagnostics
from workbench.runs.listing import run_listings
from workbench.settings import load_settings


def test_confused_words_are_hidden(draw: Draw, tmp_path: Path) -> None:
    """How often something was confused stays; what it was does not."""
    store_run(tmp_path, [heard("no secretword pain", utterance=f"u{i}") for i in range(3)])
    shown, hidden = draw("accuracy", tmp_path), draw("accuracy", tmp_path, private=True)
    told = [" ".join(str(frame.value.to_dict()) for frame in test.dataframe) for test in (shown, hidden)]
    assert "secretword" in told[0]
    assert "secretword" not in told[1]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_it_is_on(page: str, draw: Draw, one_run: Path) -> None:
    """Nobody wonders where the words are."""
    test = draw(page, one_run, private=True)
    assert not test.exception
    assert "privacy mode" in texts(test).lower()


def test_the_environment_turns_it_on_for_everybody(one_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And then there is no switch."""
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("WORKBENCH_STORE", str(one_run))
    monkeypatch.setenv("WORKBENCH_PRIVACY", "1")
    test = AppTest.from_string("from workbench.app.pages.data import page\npage()", default_timeout=300)
    test.query_params["data_part"] = "Privacy"
    test.run()
    assert not test.exception
    assert not test.toggle
    assert "WORKBENCH_PRIVACY" in texts(test)


def test_the_bundle_holds_no_speech_no_names_and_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built from a list of what goes in; whatever a run holds besides stays where it is."""
    monkeypatch.setenv("SUKI_PARTNER_ID", "partner-quillfeather")
    monkeypatch.setenv("SUKI_PARTNER_TOKEN", "token-quillfeather")
    root = tmp_path / "folder-of-somebody"
    store_run(root, [heard("no secretword pain", utterance="jane-doe-1970")])
    store_run(root, batch(3))
    damaged_manifest(root)
    settings = load_settings(
        {
            "WORKBENCH_STORE": str(root),
            "SUKI_PARTNER_ID": "partner-quillfeather",
            "SUKI_PARTNER_TOKEN": "token-quillfeather",
        }
    )
    archive = zipfile.ZipFile(io.BytesIO(diagnostics.bundle(settings, run_listings(root))))
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert {"about.json", "runs.json", "jobs.json"} <= set(archive.namelist())
    assert len(archive.namelist()) == 6
    for word in ("secretword", "jane-doe", "quillfeather", "folder-of-somebody", "chest"):
        assert word not in everything, word
    assert '"readable": false' in everything

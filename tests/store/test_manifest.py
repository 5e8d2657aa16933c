"""The manifest: enough to play a run again, nothing secret."""

from __future__ import annotations

import re

import msgspec
import pytest

from tests.fakes import make_manifest
from workbench.errors import StoreError
from workbench.store import SCHEMA_VERSION, CellFacts, Manifest, new_run_id
from workbench.store.host import host_facts, library_versions
from workbench.store.manifest import is_run_id


def test_it_comes_back_equal():
    """JSON and back is the same manifest."""
    manifest = make_manifest(settings={"pace": 1.0})
    assert Manifest.from_json(manifest.to_json(), "manifest.json") == manifest


def test_ids_sort_by_age_and_differ():
    """Of two runs the later one has the greater id; two of one millisecond still differ."""
    assert new_run_id(1_700_000_000_000_000_000) < new_run_id(1_700_000_000_001_000_000)
    ids = {new_run_id(1_700_000_000_000_000_000) for _ in range(50)}
    assert len(ids) == 50
    assert all(is_run_id(run_id) for run_id in ids)
    assert not is_run_id("../etc")


def test_equal_settings_have_equal_hashes():
    """Order of keys does not matter, values do."""
    assert CellFacts.of("a", {"x": 1, "y": [1.5]}).hash == CellFacts.of("b", {"y": [1.5], "x": 1}).hash
    assert CellFacts.of("a", {"x": 1}).hash != CellFacts.of("a", {"x": 2}).hash


def test_versions_and_host_are_filled_in():
    """Whatever can move a number is named."""
    assert {"suki-workbench", "python", "numpy", "websockets"} <= library_versions().keys()
    host = host_facts()
    assert host.cores >= 1
    assert host.clock_resolution_ns >= 1
    assert host.cpu
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", make_manifest().created)


def test_the_processor_is_named_where_the_kernel_does_not_say(monkeypatch):
    """A system without /proc/cpuinfo still has a name for its processor."""
    monkeypatch.setattr("pathlib.Path.read_text", lambda *_, **__: (_ for _ in ()).throw(OSError))
    assert host_facts().cpu


def test_a_newer_schema_is_refused_with_advice():
    """An old workbench does not guess at a layout it does not know."""
    data = make_manifest().to_json().replace(f'"schema_version": {SCHEMA_VERSION}'.encode(), b'"schema_version": 99')
    with pytest.raises(StoreError, match=r"newer workbench.*schema 99.*Upgrade"):
        Manifest.from_json(data, "manifest.json")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"schema_version": 1}', b'{"schema_version": 0}', b'{"schema_version": 2}', b"\xff\xfe"],
)
def test_damage_is_one_line_that_names_the_file(data):
    """A torn manifest is said to be damaged, and where."""
    with pytest.raises(StoreError, match=r"^x/manifest.json: the manifest is damaged") as caught:
        Manifest.from_json(data, "x/manifest.json")
    assert "\n" not in str(caught.value)


def test_unknown_fields_of_a_later_patch_are_ignored():
    """A field that was added later does not make a run unreadable."""
    plain = msgspec.json.decode(make_manifest().to_json())
    plain["added_later"] = 1
    assert Manifest.from_json(msgspec.json.encode(plain), "m").seed == 7

"""Another user of the same machine: reads no run, steers no simulator."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.stored import batch, store_run
from workbench.simulator.control_token import new_token, publish, withdraw

NOBODY = 65534

READ = """
import os, sys
got = []
for folder, _, files in os.walk(sys.argv[1]):
    for name in [*files, "manifest.json", "sessions.parquet"]:
        try:
            got.append(os.path.join(folder, name) if open(os.path.join(folder, name), "rb").read(1) else "")
        except OSError:
            pass
print(*filter(None, got), sep="\\n")
"""


@pytest.fixture
def open_folder():
    """A folder that everybody may enter, as /tmp is; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="two-users-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def no_umask():
    """The careless setting."""
    before = os.umask(0)
    yield
    os.umask(before)


def read_as_nobody(folder):
    """What another user can read under ``folder``."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can act as another user")
    done = subprocess.run(
        ["/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable, "-c", READ, str(folder)],
        user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"another user cannot run Python here: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.split()


def test_a_run_is_private_to_its_owner_whatever_the_umask(open_folder, no_umask):
    """Every folder 0700, every file 0600, also the journal while the run is live."""
    store = open_folder / "runs"
    store_run(store, batch(2))
    for path in (store, *store.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        if path != store:
            assert mode == (0o700 if path.is_dir() else 0o600), path


def test_another_user_reads_nothing_of_a_run(open_folder, no_umask):
    """With a real second user, who can read what is beside it."""
    (open_folder / "hello").write_text("everybody may read this")
    run_id = store_run(open_folder, batch(2))
    assert read_as_nobody(open_folder) == [str(open_folder / "hello")]
    assert (open_folder / run_id / "sessions.parquet").exists()


def test_another_user_finds_no_control_token(open_folder, no_umask, monkeypatch):
    """The folder is made private before anything is in it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_folder))
    token = new_token()
    path = publish(4711, token)
    assert read_as_nobody(open_folder) == []
    withdraw(path, token)
    assert not path.exists()

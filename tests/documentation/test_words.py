"""Texts for people use one name for one thing, and plain words; `make check` runs the same."""

from __future__ import annotations

import pytest

from tests.documentation import words


@pytest.mark.slow  # `make check` looks for the words, too
def test_no_text_for_people_has_a_word_that_is_ruled_out():
    """Each exception has its reason, and is one that is still needed."""
    assert words.found() == []
    assert all(words.ALLOWED.values())
    seen = [(file, text) for file, _, text in words.texts()]
    for where, piece in words.ALLOWED:
        assert any(file == where and piece in text for file, text in seen), (where, piece)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("workbench/cli/a.py", 'def verb():\n    """Which end gives way."""\n', ["Which end", "gives way"]),
        ("workbench/store/a.py", 'raise StoreError("the run is gone", action="Mend it")\n', ["is gone", "Mend"]),
        ("workbench/store/a.py", '"""A module beside others."""\nNAME = "beside"\n', []),
        ("workbench/api/a.py", 'def load():\n    """Load.\n\n    What is told.\n    """\n', ["told"]),
        ("workbench/api/a.py", 'def load():\n    """Run ``told`` here.\n\n    >>> told\n    """\n', []),
        ("docs/a.md", "It stands in for a service, beside others.\n```\nbeside\n```\n", ["beside"]),
    ],
)  # fmt: skip
def test_where_words_are_looked_for(tmp_path, monkeypatch, name, text, found):
    """In what people read: not in names, code or docstrings of the inside."""
    file = tmp_path / name
    for folder in (file.parent, tmp_path / "docs", tmp_path / "workbench"):
        folder.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    (tmp_path / "README.md").touch()
    monkeypatch.setattr(words, "ROOT", tmp_path)
    assert sorted(line.split("'")[1] for line in words.found()) == sorted(found)

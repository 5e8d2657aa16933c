"""The conformance table."""

import pytest

from tests.conformance.table import COMMAND, PAGE, RULES, build, not_testable, shown_by_rule


def test_the_committed_table_is_the_one_that_the_tests_make():
    """Made from marks and reasons, never by hand."""
    # Two pages of 220 rows side by side tell nobody anything; the command does.
    is_current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == build(shown_by_rule(), not_testable())
    assert is_current, f"{PAGE.name} is stale: run {COMMAND}"


def test_a_reason_is_given_only_for_rules_without_a_test():
    """And only for rules that exist."""
    shown, excused = shown_by_rule(), not_testable()
    assert set(excused) <= set(RULES)
    assert all(excused.values())
    assert not [rule for rule in excused if shown[rule]]


@pytest.mark.parametrize(
    ("decorator", "expected"),
    [
        ('@pytest.mark.rule("S-7")', ["S-7"]),
        ('@rule("S-7")', ["S-7"]),
        ('@rule("S-7")\n@rule("S-8")', ["S-7", "S-8"]),
        ('@pytest.mark.parametrize("a", [pytest.param(1, marks=pytest.mark.rule("S-9")), 2])', ["S-9"]),
        ('@pytest.mark.parametrize("a", ["S-9"])', []),
    ],
)
def test_every_way_to_mark_a_test_is_read(tmp_path, decorator, expected):
    """On the test or on one of its cases; other strings are no marks."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(f"{decorator}\nasync def test_one(): ...\n")
    shown = shown_by_rule(tmp_path / "tests")
    assert [rule for rule in RULES if shown[rule]] == expected
    assert all(names in ([], ["tests/test_a.py::test_one"]) for names in shown.values())


def test_a_mark_of_no_rule_is_a_mistake(tmp_path):
    """A slip of the pen would otherwise leave its rule open."""
    (tmp_path / "test_a.py").write_text('@rule("S-0")\ndef test_one(): ...\n')
    with pytest.raises(KeyError, match="S-0"):
        shown_by_rule(tmp_path)


def test_a_row_without_test_and_reason_is_open():
    """Counted above the table, too."""
    page = build({rule: ["a::b"] if rule == "S-1" else [] for rule in RULES}, {"S-2": "no such thing"})
    assert "1 of 220 rules passing, 1 not testable here, 218 open." in page
    assert "| S-1 | `a::b` | passing |" in page
    assert "| S-2 | – | not testable here: no such thing |" in page
    assert "| S-3 | – | open |" in page

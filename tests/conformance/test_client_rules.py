"""Every rule that binds a client has a test here, or a reason."""

import re
from pathlib import Path

from tests.conformance.client_rules import BOTH_RULES, CLIENT_RULES, NOT_TESTABLE

MARKED = re.compile(r'@(?:pytest\.mark\.)?rule\("(S-\d+)"\)')


def test_every_client_rule_is_shown_or_has_its_reason_and_none_has_both():
    """Read from the marks of the files beside this one."""
    files = [p for p in Path(__file__).parent.glob("test_client_*.py") if p.name != Path(__file__).name]
    shown = {found for path in files for found in MARKED.findall(path.read_text())}
    wanted = {*CLIENT_RULES, *BOTH_RULES}
    assert shown | set(NOT_TESTABLE) == wanted
    assert not shown & set(NOT_TESTABLE)
    assert all(NOT_TESTABLE.values())

"""A gate's result for machines and build pages: JUnit XML, Markdown, JSON.

What is not a pass is never written as one, nor as skipped: build servers take skipped for good. A fail is
a ``failure``, what cannot be judged is an ``error``. Names come from users, so they are escaped.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

from workbench.comparing.gate.check import Check, GateResult, Judgement
from workbench.comparing.gate.guards import SAFETY
from workbench.comparing.gate.rules import has_least
from workbench.errors import visible
from workbench.scoring.measures import METRICS, named

__all__ = ["check_texts", "gate_json", "junit_xml", "markdown"]

# Guards that are no metric.
_GUARDED = {"certified": "timing certified", "references": "the same references"}
# What XML 1.0 cannot hold, even escaped.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def gate_json(result: GateResult) -> dict[str, Any]:
    """The result as ``--json`` gives it; None for unknown."""
    return {
        "run_id": result.run_id,
        "against": result.against,
        "verdict": result.judgement.value,
        "sentence": result.sentence,
        "comparison": list(result.verdicts),
        "trust": result.trust and {"level": result.trust.level.value, "reasons": list(result.trust.reasons)},
        "checks": [
            {
                "slice": check.part,
                "metric": check.metric,
                "kind": check.kind,
                "bound": check.bound,
                "value": check.value,
                "low": check.low,
                "high": check.high,
                "n": check.n,
                "verdict": check.judgement.value,
                "reason": check.reason,
            }
            for check in result.checks
        ],
        "warnings": list(result.warnings),
        "excluded": dict(result.excluded),
    }


def junit_xml(result: GateResult) -> str:
    """One suite a slice, one test case a check, in the form that both Ant's and Jenkins' schemas accept."""
    root = ET.Element("testsuites")
    parts: dict[str, list[Check]] = {}
    for check in result.checks:
        parts.setdefault(check.part, []).append(check)
    for number, (part, checks) in enumerate(parts.items()):
        root.append(_suite(result, number, part, checks))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(result: GateResult, number: int, part: str, checks: list[Check]) -> ET.Element:
    failures = sum(c.judgement is Judgement.FAIL for c in checks)
    errors = sum(c.judgement in (Judgement.NOT_ENOUGH, Judgement.INVALID) for c in checks)
    suite = ET.Element(
        "testsuite",
        id=str(number),
        package="workbench.gate",
        name=_clean(part),
        # The schema wants a time without a zone; it is that of the run, in UTC.
        timestamp=_clean(result.created[:19]),
        hostname="localhost",
        tests=str(len(checks)),
        failures=str(failures),
        errors=str(errors),
        skipped="0",
        time="0",
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (("run", result.run_id), ("against", result.against), ("verdict", result.judgement.value)):
        if value is not None:
            ET.SubElement(properties, "property", name=name, value=_clean(value))
    for check in checks:
        case = ET.SubElement(
            suite, "testcase", classname=_clean(f"workbench.gate.{part}"), name=_clean(f"{_rule(check)}"), time="0"
        )
        if check.judgement is not Judgement.PASS:
            kind = "failure" if check.judgement is Judgement.FAIL else "error"
            problem = ET.SubElement(case, kind, type=check.judgement.value, message=_clean(_found(check)))
            problem.text = _clean(f"{_rule(check)}: {_found(check)}")
    ET.SubElement(suite, "system-out").text = _clean("\n".join((result.sentence, *result.verdicts)))
    ET.SubElement(suite, "system-err").text = _clean("\n".join(result.warnings))
    return suite


def markdown(result: GateResult) -> str:
    """A heading, one sentence, the checks as a table and the warnings: for the page of a build."""
    lines = [f"## Gate: {result.judgement}", "", _cell(result.sentence), ""]
    for sentence in result.verdicts:
        lines += [_cell(sentence), ""]
    lines += ["| group | check | found | 95 % interval | verdict | why |", "|---|---|---:|---|---|---|"]
    for check in result.checks:
        rule, found, ends = check_texts(check)
        cells = (check.part, rule, found, ends or "–", check.judgement.value, check.reason)
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    if result.warnings:
        lines += ["", *(f"- warning: {_cell(line)}" for line in result.warnings)]
    return "\n".join(lines) + "\n"


def check_texts(check: Check) -> tuple[str, str, str | None]:
    """What is asked, what was found, and its 95 % interval, None if there is none; numbers with their unit."""
    known = check.low is not None or check.high is not None
    ends = f"{_end(check, 'low')} to {_end(check, 'high')}" if known else None
    return _rule(check), _number(check, check.value), ends


def _rule(check: Check) -> str:
    if check.kind == "margin":
        return f"{check.metric} worse by less than {_number(check, check.bound)}"
    if check.metric in _GUARDED:
        return _GUARDED[check.metric]
    if check.kind == "guard" and named(check.metric).key in SAFETY:
        return f"{check.metric} not shown to be worse"
    return f"{check.metric} {'at least' if has_least(check.metric) else 'at most'} {_number(check, check.bound)}"


def _found(check: Check) -> str:
    what = "worse by " if _is_change(check) and check.value is not None else ""
    return f"{check.judgement}: {what}{_number(check, check.value)}, {check.reason}"


def _number(check: Check, value: float | None) -> str:
    if value is None:
        return "unknown"
    metric = METRICS["failed"] if check.metric in _GUARDED else named(check.metric)
    digits = 2 if metric.unit == "%" else metric.digits
    return metric.text(value, change=_is_change(check), digits=digits)


def _is_change(check: Check) -> bool:
    """Whether the value is a difference from the baseline."""
    return check.kind == "margin" or (check.kind == "guard" and check.metric not in ("failed", "coverage"))


def _end(check: Check, end: str) -> str:
    value: float | None = getattr(check, end)
    return "unbounded" if value is None else _number(check, value)


def _clean(text: str) -> str:
    return visible(_ILLEGAL.sub("?", text), keep="\t\n\r")


def _cell(text: str) -> str:
    """Text of a user in a table: no column, no line, no tag and no markup of its own."""
    flat = visible(" ".join(text.split()))
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", flat).replace("&", "&amp;").replace("<", "&lt;")

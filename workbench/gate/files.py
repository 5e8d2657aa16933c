"""A gate's result for machines and build pages: JUnit XML, Markdown, JSON.

House rules: what is not a pass is never written as one, nor as skipped: build servers take skipped for good. A fail is
a ``failure``, what cannot be judged is an ``error``. Names come from users, so they are escaped.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

from workbench.gate.judging import Check, GateResult, Judgement
from workbench.gate.measures import MINIMA

__all__ = ["gate_json", "junit_xml", "markdown"]

# What XML 1.0 cannot hold, even escaped.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def gate_json(result: GateResult) -> dict[str, Any]:
    """The result as ``--json`` gives it; None for unknown."""
    return {
        "run_id": result.run_id,
        "against": result.against,
        "verdict": result.judgement.value,
        "sentence": result.sentence,
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
        timestamp=result.created[:19],
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
            told = ET.SubElement(case, kind, type=check.judgement.value, message=_clean(_found(check)))
            told.text = _clean(f"{_rule(check)}: {_found(check)}")
    ET.SubElement(suite, "system-out").text = _clean(result.sentence)
    ET.SubElement(suite, "system-err").text = _clean("\n".join(result.warnings))
    return suite


def markdown(result: GateResult) -> str:
    """A heading, one sentence, the checks as a table and the warnings: for the page of a build."""
    lines = [f"## Gate: {result.judgement}", "", _cell(result.sentence), ""]
    lines += ["| slice | check | found | 95 % interval | verdict | why |", "|---|---|---:|---|---|---|"]
    for check in result.checks:
        ends = "–" if check.low is None and check.high is None else f"{_end(check, 'low')} to {_end(check, 'high')}"
        cells = (check.part, _rule(check), _number(check, check.value), ends, check.judgement.value, check.reason)
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    if result.warnings:
        lines += ["", *(f"- warning: {_cell(line)}" for line in result.warnings)]
    return "\n".join(lines) + "\n"


def _rule(check: Check) -> str:
    if check.kind == "margin":
        return f"{check.metric} worse by less than {_number(check, check.bound)}"
    return f"{check.metric} {'at least' if check.metric in MINIMA else 'at most'} {_number(check, check.bound)}"


def _found(check: Check) -> str:
    what = "worse by " if check.kind == "margin" and check.value is not None else ""
    return f"{check.judgement}: {what}{_number(check, check.value)}, {check.reason}"


def _number(check: Check, value: float | None) -> str:
    if value is None:
        return "unknown"
    if check.metric.endswith("_ms"):
        return f"{value:.0f} ms"
    return f"{value * 100:.2f} {'points' if check.kind == 'margin' else '%'}"


def _end(check: Check, end: str) -> str:
    value: float | None = getattr(check, end)
    return "unbounded" if value is None else _number(check, value)


def _clean(text: str) -> str:
    return _ILLEGAL.sub("?", text)


def _cell(text: str) -> str:
    """Text of a user in a table: no column, no line, no tag and no markup of its own."""
    flat = " ".join(text.split())
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", flat).replace("&", "&amp;").replace("<", "&lt;")

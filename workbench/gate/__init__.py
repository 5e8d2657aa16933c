"""The gate: limits and margins on a run, turned into a verdict that a build can act on."""

from workbench.gate.files import gate_json, junit_xml, markdown
from workbench.gate.judging import Check, GateResult, Judgement, judge
from workbench.gate.rules import LIMITS, MARGINS, Rules, load_rules, parse_bounds

__all__ = [
    "LIMITS",
    "MARGINS",
    "Check",
    "GateResult",
    "Judgement",
    "Rules",
    "gate_json",
    "judge",
    "junit_xml",
    "load_rules",
    "markdown",
    "parse_bounds",
]

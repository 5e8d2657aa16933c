"""The gate: limits and margins on a run, turned into a verdict that a build can act on."""

from workbench.comparing.gate.check import Check, GateResult, Judgement
from workbench.comparing.gate.formats import check_texts, gate_json, junit_xml, markdown
from workbench.comparing.gate.judge import judge
from workbench.comparing.gate.rules import LIMITS, MARGINS, Rules, load_rules

__all__ = [
    "LIMITS",
    "MARGINS",
    "Check",
    "GateResult",
    "Judgement",
    "Rules",
    "check_texts",
    "gate_json",
    "judge",
    "junit_xml",
    "load_rules",
    "markdown",
]

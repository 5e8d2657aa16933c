"""Run against run: paired differences, verdicts, statistical power and the gate."""

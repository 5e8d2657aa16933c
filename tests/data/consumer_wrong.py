"""Calls that are wrong: behind each line stands who must find it; a test holds the type checkers to it."""

from __future__ import annotations

import workbench as wb

wb.run("clinic", limt=3)  # wrong: keyword
wb.run("clinic", vary={"snr_db": [30]})  # wrong: keyword
wb.sweep("clinic", fiel="sweep.toml")  # wrong: keyword
wb.load("last", stroe=".runs")  # wrong: keyword
wb.run("clinic", limit="3")  # wrong: type
wb.run("clinic", audio={"noise": "pink"})  # wrong: type
wb.run("clinic", product="dictaton")  # wrong: type
wb.sweep("clinic", vary={"snr_db": 30})  # wrong: type
wb.gate("last", limits={"wer": "low"})  # wrong: type
wb.AudioConfig(snr_db="loud")  # wrong: type
wb.Session.listn  # wrong: name
wb.reusme()  # wrong: name
wb.run("clinic", noise="pnk")  # right for a checker: any text is, the call itself refuses it

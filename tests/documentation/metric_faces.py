"""What every face shows of one metric, as JSON: ``python -m tests.documentation.metric_faces KEY STORE``.

Runs in a process of its own, over a copy of the package to which the metric was added.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from click.testing import CliRunner

from tests.documentation.metrics_page import list_block
from tests.stored import batch, heard, store_run


def faces(key: str, store: Path) -> dict[str, object]:
    """Texts and values of the metric, face by face, of a run without it and one that loses a word of three."""
    os.environ["WORKBENCH_STORE"] = str(store)
    import workbench
    import workbench as wb
    from workbench.cli import cli
    from workbench.reporting.tables.cells import summary_table

    base = store_run(store, batch(24))
    worse = store_run(store, [heard("no pain", utterance=f"u{i:02}") for i in range(24)])
    run, against = wb.load(worse), wb.load(base)
    compared = wb.compare(base, worse)
    gate = ["gate", worse, "--against", base, "--limit", f"{key}=40", "--margin", f"{key}=5", "--json"]
    return {
        "package": str(Path(workbench.__file__).parent),
        "summary": [c.heading for c in summary_table(run.result.cells).columns],
        "show": CliRunner().invoke(cli, ["show", worse, "--json", "--sessions"]).output,
        "frame": {name: [str(frame[key].dtype), *frame[key].tolist()] for name, frame in _frames(run, against).items()},
        "compare": next(row for row in compared.df.to_dict("records") if row["metric"] == key)["difference"],
        "verdict": repr(compared),
        "gate": json.loads(CliRunner().invoke(cli, gate).output)["checks"],
        "report": "missing [per 100 words]" in _report(worse, store),
        "page": _page(store),
        "docs": [line for line in list_block().splitlines() if f"`{key}`" in line],
    }


def _frames(run: object, against: object) -> dict[str, object]:
    return {"worse": run.summary, "base": against.summary, "accuracy": run.accuracy}  # type: ignore[attr-defined]


def _report(run_id: str, store: Path) -> str:
    from workbench.cli import cli

    CliRunner().invoke(cli, ["report", run_id, "-o", str(store / "report.html")])
    return (store / "report.html").read_text(encoding="utf-8")


def _page(store: Path) -> dict[str, object]:
    from streamlit.testing.v1 import AppTest

    test = AppTest.from_string("from workbench.app.pages.accuracy import page\npage()", default_timeout=120)
    test.session_state["accuracy_every"] = True  # one level down
    test.run()
    choice = test.selectbox(key="accuracy_metric")
    drawn = choice.select("missing words").run() if "missing words" in choice.options else test
    columns = [column for frame in drawn.dataframe for column in map(str, frame.value.columns)]
    return {"choice": list(choice.options), "columns": columns, "errors": len(drawn.exception) + len(drawn.error)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(faces(sys.argv[1], Path(sys.argv[2]))))

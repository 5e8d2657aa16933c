"""New run: a data set under one configuration or many, what it takes before it is started, and its progress."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import streamlit as st

from workbench.app import data, jobs
from workbench.app.corpora import corpora, corpus_named
from workbench.app.parts import jobs as job_panel
from workbench.app.parts.chart import table
from workbench.app.parts.page import guarded, head, plain, state
from workbench.app.parts.run_picker import link_to
from workbench.app.parts.setting_control import SLIDERS, base_text, own_settings
from workbench.app.presets import SWEEPS
from workbench.app.sweep_form import (
    DEFAULTS,
    FIRST,
    LABELS,
    SETTINGS,
    command,
    control,
    form_fields,
    form_spec,
    matrix_table,
    spaced,
    title,
)
from workbench.comparing.plan import cost_line
from workbench.corpus.draft import drafts_sentence
from workbench.errors import WorkbenchError
from workbench.reporting.setting_axis import settings_text
from workbench.simulator.recognition.models import MODELS
from workbench.units import counted

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from workbench.runs.spec import RunSpec
    from workbench.runs.spec_fields import SpecField

__all__ = ["page"]

_MOST_VALUES = 8


def page() -> None:
    """Draw the page."""
    head("New run", "Play a data set once, or under many settings, interleaved so that any two can be compared.")
    left, right = st.columns([1, 1], gap="large")
    with left:
        vary, values = _form()
    with right:
        with guarded():
            _planned(form_spec(vary, values))
        with guarded():
            job_panel.panel("sweep")


def _form() -> tuple[dict[str, str], dict[str, Any]]:
    """Values of the settings to change, with commas, and of the other fields."""
    st.header("What to play", anchor=False)
    one, two = st.columns(2)
    values: dict[str, Any] = {}
    values["corpus"] = corpus = one.selectbox(
        "Data set", _corpora(), key="sweep_corpus", bind="query-params", accept_new_options=True,
        help="One of yours, a built-in one, or the path of a folder or manifest.",
    )  # fmt: skip
    values["endpoint"] = two.selectbox(
        "Target", ["simulator", "staging", "production"], key="sweep_target", bind="query-params",
        accept_new_options=True, help="A simulator is started for the run; others need credentials in the environment.",
    )  # fmt: skip
    st.selectbox(
        "Preset", list(SWEEPS), None, key="sweep_preset", on_change=_preset, placeholder="none: choose settings below",
        help="A sweep that shows a difference with the built-in recogniser; its values can be changed below.",
    )  # fmt: skip
    if "sweep_vary" not in st.session_state:
        asked = ",".join(st.query_params.get_all("sweep_vary")).split(",")
        st.session_state["sweep_vary"] = [key for key in asked if key in SETTINGS]
    # Bound by hand: what Streamlit binds itself stands in the address by its label.
    settings = st.multiselect(
        "Settings to change (none: a plain run)", SETTINGS, key="sweep_vary",
        format_func=lambda key: control(key).label,
        help="One value each gives one configuration; several values give every combination.",
    )  # fmt: skip
    link_to("sweep_vary", ",".join(settings) or None)
    vary = {key: _values(key) for key in settings}
    fields = {field.name: field for field in form_fields()}
    offered = _offered(corpus)
    for columns, field in zip(itertools.cycle(st.columns(2)), (fields[name] for name in FIRST), strict=False):
        values[field.name] = _widget(columns, field, offered)
    values["base"] = base_text(own_settings("sweep_base", "Settings of every configuration", wide=2))
    with st.expander("More settings"):
        for columns, field in zip(
            itertools.cycle(st.columns(2)), (f for f in fields.values() if f.name not in FIRST), strict=False
        ):
            values[field.name] = _widget(columns, field, offered)
    return vary, values


def _preset() -> None:
    """A preset replaces the settings that were to change."""
    asked = SWEEPS.get(st.session_state.get("sweep_preset") or "")
    if asked is not None:
        st.session_state["sweep_vary"] = list(asked)
        for key, values in asked.items():
            st.session_state[f"sweep_values_{key}"] = values.split(",")


def _corpora() -> list[str]:
    """Data sets, and the one that a link names by its path."""
    names = corpora()
    wanted = st.query_params.get("sweep_corpus")
    return [*names, wanted] if wanted and wanted not in names else names


def _values(key: str) -> str:
    """Values of a setting, with commas; those of a link, of which several stand in one text, among them."""
    asked = control(key)
    name = f"sweep_values_{key}"
    if name not in st.session_state:
        st.session_state[name] = [v for v in st.query_params.get(name, ",".join(asked.first)).split(",") if v]
    where = st.container(horizontal=True, vertical_alignment="bottom")
    picked = where.multiselect(
        asked.label, list(dict.fromkeys([*asked.options, *st.session_state[name]])), key=name, width="stretch",
        accept_new_options=asked.free, help=f"Allowed: {asked.range}." if asked.range else None,
        format_func=lambda value: f"{value} {asked.unit}".strip() if (key, value) != ("snr_db", "inf") else "clean",
        placeholder="Choose values" + (", or type others" if asked.free else ""),
    )  # fmt: skip
    if key in SLIDERS:
        with where.popover("Range", icon=":material/tune:"):
            _range(key, name)
    link_to(name, ",".join(picked) or None)
    return ",".join(picked) or " "


def _range(key: str, name: str) -> None:
    """Evenly spaced values of a setting, by their ends."""
    low, high, step, _ = SLIDERS[key]
    numbers = [float(text) for text in control(key).options if text != "inf"]
    ends = st.slider(
        f"{control(key).label}: from, to", low, high, (type(low)(min(numbers)), type(low)(max(numbers))), step, "%g",
        key=f"{name}_ends",
    )  # fmt: skip
    count = st.slider("Number of values", 2, _MOST_VALUES, 4, key=f"{name}_count")
    values = spaced(*ends, step, count)
    st.caption(", ".join(values) + (" and clean" if key == "snr_db" else ""))
    st.button(
        "Use these", key=f"{name}_use", type="primary", on_click=_use,
        args=(name, ["inf", *reversed(values)] if key == "snr_db" else values),
    )  # fmt: skip


def _use(name: str, values: list[str]) -> None:
    st.session_state[name] = values


def _offered(corpus: str | None) -> dict[str, list[str]]:
    """Recordings and tags that can be chosen."""
    try:
        utterances = corpus_named(str(corpus)).utterances
    except WorkbenchError:  # said where the run is planned
        return {}
    return {"utterances": [u.id for u in utterances], "tags": sorted({tag for u in utterances for tag in u.tags})}


def _widget(column: DeltaGenerator, field: SpecField, offered: dict[str, list[str]]) -> object:
    """A widget for a field of a run; what it holds."""
    label = LABELS.get(field.name, field.name.replace("_", " ").capitalize())
    default = DEFAULTS.get(field.name, field.default)
    named: dict[str, Any] = {"key": f"sweep_{field.name}", "help": field.help, "bind": "query-params"}
    if field.name == "model":
        named |= {"accept_new_options": True, "placeholder": "as set"}
        return column.selectbox(label, MODELS, None, **named)
    if field.choices:
        return column.selectbox(label, field.choices, field.choices.index(default), **named)
    if field.kind is bool:
        return column.checkbox(label, default, **named)
    if field.kind in (int, float):
        step = 1 if field.kind is int else 0.1
        return column.number_input(label, field.low, field.high, default, step=step, **named)
    if field.many:
        return column.multiselect(label, offered.get(field.name, []), accept_new_options=True, **named)
    return column.text_input(label, default, **named)


def _planned(spec: RunSpec) -> None:
    st.header("What it takes", anchor=False)
    matrix = matrix_table(spec)
    arguments, files = command(spec)
    plan = data.plan(files["sweep.toml"].decode(), data.plan_key(spec.corpus))
    cells, recordings = len(matrix.rows), int(plan["utterances"])
    times = f", {spec.repeats} times each" if spec.repeats > 1 else ""
    shape = f"{counted(recordings, 'recording')} under {counted(cells, 'configuration')}{times}"
    st.markdown(f"**{shape}: {int(plan['sessions']):,} sessions, {_minutes(float(plan['minutes']))}.**")
    if "cost" in plan:
        st.markdown(plain(cost_line(plan["cost"])).capitalize() + ".")
    if plan["drafts"]:
        state("missing", drafts_sentence(plan["drafts"]))
    _finds(plan)
    if st.button("Start", key="sweep_start", type="primary", icon=":material/play_arrow:"):
        jobs.start(data.store_root(), title(spec), arguments, files=files)
        st.rerun()
    st.caption("It plays in real time in a separate process; closing this tab loses nothing.")
    if cells > 1:
        if spec.base:
            st.caption(plain(f"Every configuration: {settings_text(spec.base)}."))
        table(matrix, "sweep_matrix", f"The {cells} configurations of the sweep", hide=("audio",))
    elif spec.base:
        st.caption(plain(f"Configuration: {matrix.rows[0]['audio']}"))
    if spec.corpus in corpora() and not any(u.reference.words for u in corpus_named(spec.corpus).utterances):
        state(
            "missing", "this data set has no word times, so that words will have no latency. Find them under Data sets"
        )


def _minutes(minutes: float) -> str:
    return "less than a minute" if minutes < 1 else f"about {minutes:.{0 if minutes >= 10 else 1}f} minutes"


def _finds(plan: dict[str, Any]) -> None:
    """What difference it could show."""
    if len(plan["cells"]) < 2:
        return
    detectable, why = plan["smallest_detectable_wer"], plan["smallest_detectable_reason"]
    if detectable is None:
        st.markdown(plain(f"What difference it could show is unknown: {why}."))
    else:
        st.markdown(f"It can show a difference of **{100 * float(detectable):.1f} points** of WER ({plain(str(why))}).")

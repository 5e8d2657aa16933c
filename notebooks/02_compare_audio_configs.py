# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What noise, a narrow band and long chunks cost in errors and in delay
#
# The same utterances under four audio configurations, interleaved, so that a slow moment of the machine affects all of
# them alike and any two can be compared utterance by utterance.

# %%
from tqdm.auto import tqdm

import workbench as wb

cells = [
    {"name": "clean 16 kHz"},
    {"name": "long chunks", "chunk_ms": 400},
    {"name": "pink noise 10 dB", "noise": "pink", "snr_db": 10},
    {"name": "8 kHz", "sample_rate_hz": 8000},
]
with tqdm(total=6 * len(cells), desc="sessions") as bar:
    run = wb.sweep("clinic", cells=cells, limit=6, seed=3, on_session=lambda record, done: bar.update())
run

# %% [markdown]
# ## Errors
#
# Each dot is a pooled word error rate with its 95 % interval over utterances. These intervals overlap easily, because
# some utterances are simply harder than others. That is why the next table compares *pairs*.

# %%
run.wer_figure()

# %% [markdown]
# ## Paired differences
#
# The first configuration is the baseline. Comparing each utterance with itself removes the effect of hard utterances.
# The interval is that of the paired difference; the adjusted *p* accounts for the number of comparisons. No p-value is
# below what six pairs can show; where the sentence above a table says *size uncertain*, at least twenty pairs are
# needed to estimate how large a difference is.

# %%
compared = wb.compare(run)
compared

# %% [markdown]
# ## Errors against delay
#
# Lower left is better; the dotted line joins the configurations that no other beats in both. Chunks of 400 ms cost
# latency but no accuracy: the recogniser decodes the same audio, only later. Noise costs accuracy; the cost of a narrow
# band is too small to show with these six utterances.

# %%
run.pareto_figure()

# %% [markdown]
# ## Over a setting
#
# The same numbers as a line over one setting, in its unit; each value of another setting has a separate line.

# %%
run.setting_figure("chunk_ms", "word_latency_p50")

# %% [markdown]
# ## What matters to a clinician
#
# A word error rate counts "the" as much as "metformin". Recall of marked terms, value accuracy and kept negations count
# only what matters to a patient. A dash means unknown, never zero.

# %%
columns = ["audio", "wer", "medical_wer", "term_recall", "drug_recall", "value_accuracy", "negations_kept"]
run.accuracy[columns].round(3)

# %% [markdown]
# ## Checks
#
# Noise costs accuracy in these pairs, and longer chunks cost latency.

# %% jupyter={"source_hidden": true} tags=["remove-cell"]
wer = compared.df[compared.df.metric == "wer"].set_index("candidate_of")
p50 = run.summary.set_index("audio").word_latency_p50_ms
assert wer.difference["pink noise 10 dB"] > 0
assert wer.n.eq(6).all()
assert abs(wer.difference["long chunks"]) < wer.difference["pink noise 10 dB"]
assert p50.isna().any() or p50["long chunks"] > p50["clean 16 kHz"]

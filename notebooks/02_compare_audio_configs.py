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
# The same utterances under four audio configurations, interleaved, so that a slow spell of the machine falls on all of
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
# The first configuration is the baseline. The difference of each utterance with itself takes the hard utterances out.
# The interval is that of the paired difference; the adjusted *p* pays for the number of comparisons. No p-value is
# below what six pairs can show, and where the sentence above a table says *size uncertain*, twenty pairs and more are
# needed to tell how large a difference is.

# %%
compared = wb.compare(run)
compared

# %% [markdown]
# ## Errors against delay
#
# Lower left is better; the dotted line joins what no other configuration beats in both. Chunks of 400 ms cost latency
# and no accuracy: a recogniser decodes the same audio, it only gets it later. Noise costs accuracy; what a narrow band
# costs is less than these six utterances can show.

# %%
run.pareto_figure()

# %% [markdown]
# ## Over a setting
#
# The same numbers as a line over one setting, in its unit; what else differs makes a separate line.

# %%
run.setting_figure("chunk_ms", "word_latency_p50")

# %% [markdown]
# ## What matters to a clinician
#
# A word error rate counts "the" as much as "metformin". Recall of marked terms, value accuracy and kept negations look
# at what matters alone. A dash is unknown, never zero.

# %%
columns = ["audio", "wer", "medical_wer", "term_recall", "drug_recall", "value_accuracy", "negations_kept"]
run.accuracy[columns].round(3)

# %% [markdown]
# ## What was claimed
#
# Noise costs accuracy in these pairs, and longer chunks cost latency.

# %% jupyter={"source_hidden": true} tags=["remove-cell"]
wer = compared.df[compared.df.metric == "wer"].set_index("candidate_of")
p50 = run.summary.set_index("audio").word_latency_p50_ms
assert wer.difference["pink noise 10 dB"] > 0
assert wer.n.eq(6).all()
assert abs(wer.difference["long chunks"]) < wer.difference["pink noise 10 dB"]
assert p50.isna().any() or p50["long chunks"] > p50["clean 16 kHz"]

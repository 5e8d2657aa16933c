# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Why a word is late, and how far that number can be trusted
#
# Latency of single words, their distribution, what a naive measurement would hide, and the error of the measurement.

# %%
from tqdm.auto import tqdm

import workbench as wb

cells = [{"name": "good network"}, {"name": "poor network", "network": "poor"}]
with tqdm(total=16, desc="sessions") as bar:
    run = wb.sweep("clinic", cells=cells, limit=8, seed=5, on_session=lambda record, done: bar.update())
run

# %% [markdown]
# ## Time zero is the speech
#
# A chunk of audio cannot exist before its last sample was spoken, so a chunk is *due* at its trailing edge. The latency
# of a word runs from when the chunk that completes it was due to the first message that shows it.

# %%
utterance = run.df.utterance.iloc[0]
run.session(utterance, "good network").timeline()

# %% [markdown]
# The text on the screen, message by message, with the time until the next one.

# %%
run.session(utterance, "good network").screen.tail(6).round(0)

# %% [markdown]
# ## The whole distribution
#
# Share of words that were shown within a time. Dots are the median and the 95th percentile, whiskers their 95 %
# intervals. Words of one utterance share their arrival times, so the interval is taken over utterances; eight are too
# few for a 95th percentile, and a note says that it needs 59.

# %%
run.latency_figure()

# %% [markdown]
# ## Coordinated omission
#
# On a poor network chunks wait before they are sent. A clock that starts when a chunk is *sent* does not count this
# wait and reports nearly the same latency on both networks. Counted from when the chunk was due, the wait is included.

# %%
words = run.words[run.words.counted].groupby("audio")[["emission_ms", "latency_ms"]].median()
words["hidden_ms"] = words.latency_ms - words.emission_ms
words.round(1)

# %% [markdown]
# ## The error of the measurement
#
# `calibrate` plays sessions whose every delay is known and reports the difference between measured and injected delays.
# Differences below the resolution in the last line mean nothing on this machine.

# %%
calibration = wb.calibrate(5)
calibration

# %% [markdown]
# ## Checks
#
# Counts are exact, unless this machine stalled for longer than the interval between scripted messages; the error of
# word latencies is small compared with the latencies above; on the poor network more delay is hidden before the send.

# %% jupyter={"source_hidden": true} tags=["remove-cell"]
error = calibration.df.set_index("metric")
good, poor = (words.hidden_ms.get(name, 0.0) for name in ("good network", "poor network"))
assert calibration.counts_exact or calibration.resolution_ms >= 20
assert error.p50_ms["word latency"] < 20
assert "poor network" not in words.index or poor > good
assert run.summary.failed.eq(0).all()

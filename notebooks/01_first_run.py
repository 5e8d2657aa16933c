# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Play eight recordings, and see which words are wrong and how late they are
#
# Dictation is streamed in real time to a local Suki simulator. Its words come from a real recogniser that decodes the
# audio it receives; nothing leaves the machine and no credentials are needed. Every frame that was sent or received is
# stored with its time, and every number below is computed from these frames.

# %%
from tqdm.auto import tqdm

import workbench as wb

with tqdm(total=8, desc="sessions") as bar:
    run = wb.run("clinic", limit=8, seed=7, on_session=lambda record, done: bar.update())

# %% [markdown]
# ## How to read the table
#
# One row per configuration; here there is one.
#
# - **WER**: substituted, missing and added words divided by the words that were spoken, pooled over all sessions. The
#   95 % confidence interval covers what other draws of eight utterances would give.
# - **first partial**: from the moment the first word *began* to be spoken until the first text was on the screen.
# - **word p50, p95**: from the moment a word's last sound would have left a live microphone until the word was shown.
# - **final p50**: from the end of the last word to the last final.
# - **pacing**: whether this computer sent audio on time. If not, latencies of the session are excluded.

# %%
run

# %% [markdown]
# ## One session, word by word
#
# The session with the most errors: → marks a word that was recognised as another, a struck word is missing, + was
# added. Bold words could do harm if wrong: numbers, units, negations, sides and marked medical terms.

# %%
worst = run.df.sort_values("errors").utterance.iloc[-1]
session = run.session(worst)
session.diff

# %% [markdown]
# The same session in time. A slanted line leads from the end of a spoken word to the moment it was first shown: its
# horizontal extent *is* the latency of the word.

# %%
session.timeline()

# %% [markdown]
# ## Everything is stored
#
# The run can be loaded again, scored with another normaliser, compared, judged, and written as one HTML file for
# somebody without the workbench. `redact=True` leaves out the transcripts.

# %%
again = wb.load(run.id)
run.report("first_run.html", redact=True)

# %% [markdown]
# ## Checks
#
# All sessions completed, the marked errors are the printed errors, and the stored run has the same scores.

# %% jupyter={"source_hidden": true} tags=["remove-cell"]
diffs = [run.session(utterance).diff for utterance in run.df.utterance]
assert run.complete
assert not run.df.outcome.ne("completed").any()
assert [diff.errors for diff in diffs] == run.df.errors.tolist()
assert 0 < run.summary.wer[0] < 0.6
assert again.scores == run.scores

# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Play eight recordings, and read what was wrong and how late it came
#
# Dictation is streamed in real time to a simulated Suki on this machine. Its words come from a real recogniser that
# decodes the audio it receives; nothing leaves the machine and no credentials are needed. Every frame that was sent and
# received is kept with its time, and every number below is computed from those frames.

# %%
from tqdm.auto import tqdm

import workbench as wb

with tqdm(total=8, desc="sessions") as bar:
    run = wb.run("clinic", limit=8, seed=7, on_session=lambda record, done: bar.update())

# %% [markdown]
# ## What the table says
#
# One row a configuration; there is one here.
#
# - **WER**: substituted, missing and added words over the words that were said, pooled over all sessions. The
#   interval is what other draws of eight utterances would give.
# - **first partial**: from the moment the first word *began* to be spoken until anything stood on the screen.
# - **word p50, p95**: from the moment a word's last sound would have left a live microphone until the word was shown.
# - **final p50**: from the end of the last word to the last final.
# - **pacing**: whether our own sending was on time. Without that certificate no latency counts.

# %%
run

# %% [markdown]
# ## One session, word by word
#
# The session with the most errors: → is a word that was heard as another, a struck word is missing, + was added. Bold
# marks what could harm: numbers, units, negations, sides and marked medical terms.

# %%
worst = run.df.sort_values("errors").utterance.iloc[-1]
session = run.session(worst)
session.diff

# %% [markdown]
# The same session in time. A slanted line leads from the end of a spoken word to its first showing: its horizontal
# extent *is* the word's latency.

# %%
session.timeline()

# %% [markdown]
# ## Everything is kept
#
# The run can be loaded again, scored with another normaliser, compared, judged, and written as one HTML file for
# somebody without the tool. `redact=True` leaves the transcripts out of it.

# %%
again = wb.load(run.id)
run.report("first_run.html", redact=True)

# %% [markdown]
# ## What was claimed
#
# All sessions came through, the drawn errors are the printed errors, and the stored run says the same as the live one.

# %% jupyter={"source_hidden": true} tags=["remove-cell"]
diffs = [run.session(utterance).diff for utterance in run.df.utterance]
assert run.complete
assert not run.df.outcome.ne("completed").any()
assert [diff.errors for diff in diffs] == run.df.errors.tolist()
assert 0 < run.summary.wer[0] < 0.6
assert again.scores == run.scores

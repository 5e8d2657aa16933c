# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From a folder of your recordings to a verdict for a build
#
# Import recordings, play them, and judge a candidate against a baseline. Any format that libsndfile reads works, at any
# rate, mono or stereo.

# %%
import json
import os
import shutil
from pathlib import Path

from tqdm.auto import tqdm

import workbench as wb

# %% [markdown]
# ## A folder of recordings
#
# Here it is made of six real recordings that come with the workbench. Yours may be a NeMo manifest as below, a Hugging
# Face audiofolder, a Kaldi directory, a LibriSpeech tree, a Common Voice list, Lhotse cuts or SegLST. One row is wrong
# on purpose.

# %%
source, target = Path("recordings"), Path("my-corpus")
shutil.rmtree(target, ignore_errors=True)
source.mkdir(exist_ok=True)
borrowed = wb.load_corpus("librivox").utterances[:6]
rows = [{"audio_filepath": u.audio.name, "text": u.reference.spoken} for u in borrowed]
for utterance in borrowed:
    shutil.copy(utterance.audio, source)
bad = [*rows, {"audio_filepath": "not-there.wav", "text": "nobody said this"}]
(source / "test.jsonl").write_text("\n".join(map(json.dumps, bad)))

# %% [markdown]
# ## Import
#
# Every row is checked before anything is written. Bad rows are listed with file, line and problem.

# %%
report = wb.import_corpus("nemo", source / "test.jsonl", target)
print(*report.problems, sep="\n")

# %%
(source / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
report = wb.import_corpus("nemo", source / "test.jsonl", target, copy=True)
print(f"{report.utterances} utterances, {report.seconds} s; problems: {wb.check_corpus(target)}")

# %% [markdown]
# ## Word times
#
# Latencies need the time at which each word was spoken. Forced alignment finds it.

# %%
aligned = wb.align_corpus(target)
print(f"{aligned.aligned} of {aligned.tokens} words have times, by {aligned.origin}")

# %% [markdown]
# ## Staging
#
# With `SUKI_PARTNER_ID` and `SUKI_PARTNER_TOKEN` in the environment the same call plays to Suki; start with
# `endpoint="staging"`. Only the login, the session calls and the audio are sent; frames, transcripts and scores stay on
# this machine. Without credentials an error of one line says what is missing, before anything is sent.

# %%
endpoint = "staging" if os.environ.get("SUKI_PARTNER_ID") else "simulator"
try:
    wb.run(target, endpoint="staging", limit=1)
except wb.WorkbenchError as error:
    print(error)

# %% [markdown]
# ## A baseline and a candidate
#
# The candidate plays the same recordings under a change: here noise at 10 dB, in your case the next release.

# %%
with tqdm(total=12, desc="sessions") as bar:
    asked = {"on_session": lambda record, done: bar.update(), "endpoint": endpoint}
    baseline = wb.run(target, **asked)
    candidate = wb.run(target, noise="pink", snr_db=10, **asked)

# %% [markdown]
# ## The gate
#
# A limit judges a value; a margin judges how much worse the candidate is than the baseline, in pairs. The verdict is
# pass, fail, *not enough data* or *measurement invalid*; a build continues only after a pass. By default a pass needs
# twenty utterances; this example lowers that to six. Six pairs can show a value over its limit, but not how large a
# difference is: for the margin they are *not enough data*.

# %%
verdict = candidate.gate(limits={"wer": 0.35}, margins={"wer": 0.02}, against=baseline, min_utterances=6)
verdict

# %%
compared = wb.compare(baseline, candidate)
compared

# %% [markdown]
# ## Checks
#
# The bad row was listed, words have times, the regression was found, and too few data are not a pass.

# %% jupyter={"source_hidden": true} tags=["remove-cell"]
assert wb.check_corpus(target) == []
assert aligned.aligned / aligned.tokens > 0.9
assert verdict.verdict == "fail"
assert verdict.exit_code == 1
assert baseline.gate(limits={"wer": 1.0}).verdict in ("not enough data", "measurement invalid")
assert endpoint == "staging" or not compared.df.empty

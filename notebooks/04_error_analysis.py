# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which words go wrong, and which of them could do harm
#
# A word error rate says how many words are wrong. This notebook shows which ones: words, medical terms, values, and
# text that was on the screen for a moment before it was corrected.

# %%
import pandas as pd
from tqdm.auto import tqdm

import workbench as wb

with tqdm(total=16, desc="sessions") as bar:
    run = wb.run("clinic", limit=16, seed=11, on_session=lambda record, done: bar.update())
run

# %% [markdown]
# ## The worst utterances

# %%
worst = run.df.sort_values("errors", ascending=False).head(3)
worst[["utterance", "reference_words", "errors", "wer"]].round(2)

# %%
session = run.session(worst.utterance.iloc[0])
session.diff

# %% [markdown]
# ## Listen to it
#
# The audio as it was streamed, made again from the corpus and the settings of the run.

# %%
session.listen()

# %% [markdown]
# ## Medical terms
#
# The corpus marks drugs, doses, values and other terms. A term is found if all its words are at its place. What was
# recognised instead often sounds alike and means something else.

# %%
terms = run.terms
terms[~terms.found][["utterance", "term", "kind", "heard"]].head(12)

# %%
by_kind = terms.groupby("kind").found.agg(["sum", "count"])
by_kind.assign(recall=by_kind["sum"] / by_kind["count"]).round(2)

# %% [markdown]
# ## Effect of text normalisation
#
# One recogniser writes "120/80" as the reference does, another "one twenty over eighty". A normaliser decides which
# texts count as the same; it may ignore form, never content. `clinical` gives both the same form and never merges two
# different values.

# %%
pairs = ["BP 120/80", "bp one twenty over eighty", "10 mg", "ten milligrams", "15 mg"]
pd.Series({text: wb.normaliser("clinical")(text) for text in pairs})

# %% [markdown]
# ## Unsafe flicker
#
# Milliseconds during which a number, unit, negation, side or marked term on the screen differed from the final. No word
# error rate includes it, and somebody may have acted on it.

# %%
scores = run.to_arrow().to_pandas()
flicker = scores.set_index("utterance").stability_unsafe_flicker_ns.div(1e6).sort_values(ascending=False)
flicker.head(5).round(0)

# %%
flickering = run.session(flicker.index[0])
flickering.screen[["at_ms", "stood_ms", "text"]].round(0).head(12)

# %% [markdown]
# ## Checks
#
# The marked errors of every session are those of its score; found terms are those of the recall; there was flicker.

# %% jupyter={"source_hidden": true} tags=["remove-cell"]
medical = terms[terms.kind.isin(["drug", "medical"])]
assert all(run.session(row.utterance).diff.errors == row.errors for row in run.df.itertuples())
assert medical.found.mean() == run.accuracy.term_recall[0]
assert flicker.max() > 0
assert session.listen().seconds > 1

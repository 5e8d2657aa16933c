"""Several utterances joined into one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from workbench.corpus import Corpus
from workbench.errors import CorpusError

__all__ = ["join"]


def join(corpora: Sequence[Corpus]) -> Corpus:
    """Several corpora as one; its hash covers theirs.

    Raises:
        CorpusError: two utterances share an id.
    """
    if len(corpora) == 1:
        return corpora[0]
    owner: dict[str, str] = {}
    for corpus in corpora:
        for utterance in corpus.utterances:
            if utterance.id in owner:
                raise CorpusError(
                    "two corpora have an utterance of this id",
                    item=utterance.id,
                    got=f"{owner[utterance.id]} and {corpus.name}",
                    action="Rename one, or play the corpora apart",
                )
            owner[utterance.id] = corpus.name
    return Corpus(
        name="+".join(corpus.name for corpus in corpora),
        root=corpora[0].root,
        utterances=tuple(u for corpus in corpora for u in corpus.utterances),
        sha256=hashlib.sha256("".join(corpus.sha256 for corpus in corpora).encode()).hexdigest(),
        parts=tuple(corpora),
    )

"""Corpora: what is played, what was said in it, and whether the files are what the manifest says."""

from workbench.corpus.alone import corpus_of_file
from workbench.corpus.checking import check_corpus
from workbench.corpus.finding import builtin_corpora, find_corpus
from workbench.corpus.loading import Corpus, Turn, Utterance, load_corpus, read_utterance
from workbench.corpus.rows import HeaderRow, ManifestRow, Problem, TermRow, TurnRow, WordRow, WordsRow
from workbench.corpus.writing import write_manifest, write_words

__all__ = [
    "Corpus",
    "HeaderRow",
    "ManifestRow",
    "Problem",
    "TermRow",
    "Turn",
    "TurnRow",
    "Utterance",
    "WordRow",
    "WordsRow",
    "builtin_corpora",
    "check_corpus",
    "corpus_of_file",
    "find_corpus",
    "load_corpus",
    "read_utterance",
    "write_manifest",
    "write_words",
]

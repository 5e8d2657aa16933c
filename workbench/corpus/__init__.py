"""Corpora: what is played, what was said in it, and whether the files are what the manifest says."""

from workbench.corpus.check import check_corpus, playable_corpus
from workbench.corpus.find import builtin_corpora, find_corpus
from workbench.corpus.load import Corpus, Turn, Utterance, load_corpus, read_utterance
from workbench.corpus.own import own_corpora
from workbench.corpus.rows import FactRow, HeaderRow, ManifestRow, Problem, TermRow, TurnRow, WordRow, WordsRow
from workbench.corpus.single_file import corpus_of_file
from workbench.corpus.write import write_manifest, write_words

__all__ = [
    "Corpus",
    "FactRow",
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
    "own_corpora",
    "playable_corpus",
    "read_utterance",
    "write_manifest",
    "write_words",
]

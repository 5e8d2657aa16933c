"""Tokens and text."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.simulator.recognition.whisper.fetch import installed_parts
from workbench.simulator.recognition.whisper.tokens import Vocabulary

PLAIN = "The patient takes metformin 500 mg, isn't febrile (37.1) — über-naïve 😷?"


@pytest.fixture(scope="module")
def folder():
    return installed_parts()[0]


@pytest.fixture(scope="module")
def vocabulary(folder):
    return Vocabulary.read(folder)


def by_merges(folder, text):
    """Encoded as the tokenizer's own list of merges says, in their order."""
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    ranks = {tuple(m.split(" ") if isinstance(m, str) else m): i for i, m in enumerate(model["merges"])}
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    sign = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
    parts = [sign[b] for b in text.encode()]
    while pairs := [(ranks[p], i) for i, p in enumerate(itertools.pairwise(parts)) if p in ranks]:
        i = min(pairs)[1]
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return [model["vocab"][p] for p in parts]


def test_known_ids(vocabulary):
    """Hello, world! in the multilingual vocabulary, as published with it."""
    assert vocabulary.encode("Hello, world!") == [15947, 11, 1002, 0]
    assert vocabulary.end == 50257
    assert vocabulary.start_of_previous == 50361
    assert vocabulary.prompt(multilingual=True) == [50258, 50259, 50359, 50363]


@pytest.mark.parametrize("word", [" atorvastatin", " amoxicillin", "levothyroxine", " glargine", " über", "142", "!!!"])
def test_a_word_is_encoded_as_by_the_merges_of_the_tokenizer(vocabulary, folder, word):
    assert vocabulary.encode(word) == by_merges(folder, word)


@given(text=st.text() | st.just(PLAIN))
def test_text_comes_back(vocabulary, text):
    assert vocabulary.text(vocabulary.encode(text)) == text


@given(text=st.text(st.sampled_from("ab 1é😷.,-'")))
def test_words_are_the_text_split_at_blanks_and_have_all_tokens(vocabulary, text):
    ids = vocabulary.encode(" ".join(text.split()))
    words = vocabulary.words(ids)
    assert [word for word, _ in words] == text.split()
    assert sum(count for _, count in words) == len(ids)


def test_special_tokens_and_halves_of_characters_say_nothing_wrong(vocabulary):
    ids = vocabulary.encode(" é😷")
    assert vocabulary.text([50258, *ids, 50257, 50364]) == " é😷"
    assert "\ufffd" in vocabulary.text(ids[:-1])


@pytest.mark.parametrize("content", [None, "", "a\nb\n", "[1"], ids=["none", "empty", "another model's", "damaged"])
def test_what_is_no_vocabulary_gets_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / "vocabulary.json" if content == "[1" else tmp_path / "vocabulary.txt").write_text(content)
    with pytest.raises(InputError, match=r"vocabulary\.(txt|json): not the vocabulary of a Whisper model"):
        Vocabulary.read(tmp_path)


def test_a_list_is_as_good_as_lines(tmp_path, folder, vocabulary):
    tokens = (folder / "vocabulary.txt").read_text().removesuffix("\n").split("\n")
    (tmp_path / "vocabulary.json").write_text(json.dumps(tokens))
    assert Vocabulary.read(tmp_path).encode(PLAIN) == vocabulary.encode(PLAIN)

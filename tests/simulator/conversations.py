"""Conversations written down with what a result of them should have, and the documents the simulator makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.simulator.test_documents import said
from workbench.corpus import find_corpus, load_corpus
from workbench.protocol.context import AmbientContext, Personalization
from workbench.protocol.results import FormStructuredData, StructuredDataAnswer
from workbench.reference import Fact, Reference
from workbench.scoring.metrics.facts import FactTally, Results, judge_facts
from workbench.simulator.notes.documents import content
from workbench.simulator.notes.findings import structured_data
from workbench.simulator.notes.forms import TEMPLATES, fill

TEXT = Path(__file__).parents[1] / "data" / "conversations.txt"


@dataclass
class Conversation:
    """Turns of alternating speakers, and the facts of its result."""

    name: str
    facts: list[Fact] = field(default_factory=list)
    turns: list[tuple[str, str]] = field(default_factory=list)


def unseen() -> list[Conversation]:
    """Those of the tests' own file."""
    found: list[Conversation] = []
    for line in TEXT.read_text().splitlines():
        if line.startswith("= "):
            found.append(Conversation(line[2:]))
        elif line.startswith("fact: "):
            kind, _, rest = line[6:].partition(" ")
            name, _, value = rest.partition(" = ")
            found[-1].facts.append(Fact(kind.removesuffix("?"), name.strip(), value.strip(), not kind.endswith("?")))
        elif line[:3] in {"C: ", "P: "}:
            found[-1].turns.append((line[0], line[3:]))
    return found


def visits() -> list[Conversation]:
    """Those of the built-in corpus, with the words that were written down for them."""
    return [
        Conversation(u.id, list(u.reference.facts), [(turn.speaker[0].upper(), turn.text) for turn in u.turns])
        for u in load_corpus(find_corpus("visits")).utterances
    ]


def documents(texts: list[str]) -> Results:
    """Note, structured data and all forms, as JSON objects."""
    segments, plain = said(*texts), msgspec.to_builtins
    return Results(
        plain(content(segments, AmbientContext(), Personalization())),
        plain(StructuredDataAnswer(structured_data(segments, [AmbientContext()]))),
        plain(FormStructuredData(fill(segments, [t.template_id for t in TEMPLATES], "session"))),
    )


def judged(conversation: Conversation, texts: list[str] | None = None) -> tuple[FactTally, list[str]]:
    """Its facts as the simulator has them; ``texts`` are what was recognised, the turns by default."""
    spoken = " ".join(text for _, text in conversation.turns)
    result = documents([text for _, text in conversation.turns] if texts is None else texts)
    return judge_facts(conversation.facts, Reference(spoken, spoken), result)

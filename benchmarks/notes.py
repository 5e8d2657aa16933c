"""Facts of the six visits in the simulator's notes, diagnoses, orders and forms: with perfect words, and as decoded.

Nothing is paced. Every turn of a dialogue is an utterance where the words are perfect; else every final of the stream.
Run: python benchmarks/notes.py [--model whisper]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
from recogniser import RATE_HZ, streamed

from workbench.corpus.find import find_corpus
from workbench.corpus.load import Utterance, load_corpus, read_utterance
from workbench.protocol.context import AmbientContext, Personalization
from workbench.protocol.results import FormStructuredData, StructuredDataAnswer
from workbench.scoring.metrics.facts import FactTally, Results, judge_facts
from workbench.simulator.notes.documents import content
from workbench.simulator.notes.findings import structured_data
from workbench.simulator.notes.forms import TEMPLATES, fill
from workbench.simulator.notes.segments import Segment
from workbench.simulator.notes.segments import Utterance as Final
from workbench.simulator.recognition.whisper.variants import load_whisper, settings_of

KINDS = {"note and structured data": ("note", "denied", "diagnosis", "order"), "forms": ("form",)}


def judged(utterance: Utterance, texts: list[str]) -> dict[str, tuple[FactTally, list[str]]]:
    """Facts by kind of result, and what was lost and invented."""
    segment = Segment(datetime.now(UTC))
    segment.utterances = [Final(text, 1000 * i, 1000 * i + 999) for i, text in enumerate(texts)]
    plain = msgspec.to_builtins
    results = Results(
        plain(content([segment], AmbientContext(), Personalization())),
        plain(StructuredDataAnswer(structured_data([segment], [AmbientContext()]))),
        plain(FormStructuredData(fill([segment], [t.template_id for t in TEMPLATES], "session"))),
    )
    facts = utterance.reference.facts
    return {
        name: judge_facts([f for f in facts if f.kind in kinds], utterance.reference, results)
        for name, kinds in KINDS.items()
    }


def main() -> None:
    """Print a line for each visit and kind, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="whisper")
    parser.add_argument("--texts", action="store_true", help="prints what was heard")
    arguments = parser.parse_args()
    name = arguments.model
    model = load_whisper(name, 1)
    settings = replace(settings_of(name, model.vocabulary), partial_every_s=float("inf"))
    sums: dict[tuple[str, str], FactTally] = {}
    for utterance in load_corpus(find_corpus("visits")).utterances:
        finals, _ = streamed(model, settings, read_utterance(utterance, RATE_HZ).pcm)
        texts = {"perfect": [turn.text for turn in utterance.turns], name: [h.text for h in finals if h.is_final]}
        for words, spoken in texts.items():
            for kind, (tally, lines) in judged(utterance, spoken).items():
                sums[words, kind] = sums.get((words, kind), FactTally()) + tally
                print(f"{utterance.id:20} {words:10} {kind:26} {tally}", *lines, sep="\n    ", flush=True)
        if arguments.texts:
            print(*texts[name], sep="\n  ")
    for (words, kind), tally in sums.items():
        recall, heard = tally.kept / tally.said, tally.right + tally.invented
        print(f"{words}, {kind}: recall {recall:.3f}, precision {tally.right / heard:.3f}, invented {tally.invented}")


if __name__ == "__main__":
    main()

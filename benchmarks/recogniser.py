"""The whisper recogniser: word error rates on the built-in corpora, sounds without speech, and many streams live.

Rates: nothing is paced, because what a stream says depends on its audio alone. Counts are pooled over a corpus, never a
mean of rates. ``--write`` keeps the finals, which tests of scoring read.

    python benchmarks/recogniser.py [--corpus clinic] [--condition clean] [--every 4] [--model whisper] [--partials]
    python benchmarks/recogniser.py --condition clean --write tests/data/whisper_finals.json
    python benchmarks/recogniser.py --sounds
    python benchmarks/recogniser.py --live 3 [--seconds 120]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from figures import Figure, show

from workbench.audio.config import AudioConfig
from workbench.audio.degrade import prepare
from workbench.corpus.find import find_corpus
from workbench.corpus.load import load_corpus, read_utterance
from workbench.scoring.metrics.accuracy import ErrorCounts, word_errors
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.simulator.recognition.whisper.engine import Engine
from workbench.simulator.recognition.whisper.offline import transcribe
from workbench.simulator.recognition.whisper.stream import WhisperStream
from workbench.simulator.recognition.whisper.variants import VARIANTS, load_whisper, settings_of

SEED = 1
BACKLOG_S = 0.5
"""Audio that may wait, of 99 in 100 looks, where streams are called live."""
RATE_HZ = 16_000
CHUNK_BYTES = 3_200
CORPORA = ("clinic", "librivox", "visits")
CONDITIONS = {
    "clean": AudioConfig(),
    "pink 20 dB": AudioConfig(noise="pink", snr_db=20),
    "pink 10 dB": AudioConfig(noise="pink", snr_db=10),
    "babble 10 dB": AudioConfig(noise="babble", snr_db=10),
    "hum 10 dB": AudioConfig(noise="hum", snr_db=10),
    "8 kHz": AudioConfig(codec="pcm", codec_rate_hz=8_000),
    "mu-law 8 kHz": AudioConfig(codec="ulaw", codec_rate_hz=8_000),
}


def streamed(model, settings, pcm):
    """Finals of a stream in chunks of 100 ms, and finals that were dropped."""
    heard, stream = streamed_bytes(model, settings, pcm.astype("<i2").tobytes())
    return heard, sum(stream.dropped.values())


def streamed_bytes(model, settings, data):
    """What a stream hears, and the stream."""
    stream = WhisperStream(model, settings, RATE_HZ)
    heard = [h for i in range(0, len(data), CHUNK_BYTES) for h in stream.feed(data[i : i + CHUNK_BYTES])]
    return heard + stream.finish(), stream


def measure(model, settings, utterance, config, *, offline):
    """Errors of one utterance, and what it took."""
    audio = read_utterance(utterance, RATE_HZ)
    ready = prepare(
        audio.pcm, RATE_HZ, utterance.reference, config, seed=SEED, key=utterance.id, speaker=utterance.speaker
    )
    if offline:
        heard, dropped = transcribe(model, settings, ready.pcm, RATE_HZ), 0
    else:
        heard, dropped = streamed(model, settings, ready.pcm)
    text = " ".join(h.text for h in heard if h.is_final)
    normalise = NORMALISERS["clinical"]
    counts = word_errors(normalise.tokens(utterance.reference.spoken), normalise.tokens(text))
    return counts, len(ready.pcm) / RATE_HZ, dropped, [h for h in heard if h.is_final], text


def row(model, settings, corpus, config, name, arguments, kept):
    """One line of the table."""
    utterances = load_corpus(find_corpus(corpus)).utterances[:: arguments.every]
    begun, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(arguments.threads) as threads:
        found = list(threads.map(lambda u: measure(model, settings, u, config, offline=name == "whole"), utterances))
    counts = sum((f[0] for f in found), ErrorCounts())
    seconds = sum(f[1] for f in found)
    if arguments.texts:
        for utterance, one in zip(utterances, found, strict=True):
            print(f"    {utterance.id}: {one[0].errors} of {one[0].reference}: {one[4]}")
    print(
        f"{corpus:9} {name:13} WER {100 * counts.rate:5.1f} %  {counts.errors:4} of {counts.reference:4} "
        f"(S {counts.substitutions}, D {counts.deletions}, I {counts.insertions})  "
        f"finals {sum(len(f[3]) for f in found):3}, "
        f"dropped {sum(f[2] for f in found)}  CPU {(time.process_time() - cpu) / seconds:.3f}, "
        f"wall {(time.perf_counter() - begun) / seconds:.3f} of the audio",
        flush=True,
    )
    kept[corpus] = {
        utterance.id: [[final.text, final.start_ms, final.end_ms] for final in one[3]]
        for utterance, one in zip(utterances, found, strict=True)
    }


def sounds(model, settings):
    """Words heard where nobody speaks, and how much work a long or a dull sound makes."""
    from tests.simulator.recognition.sounds import HARD, WITHOUT_SPEECH, pcm_of, silence

    silent = [name for name, make in WITHOUT_SPEECH.items() if not streamed_bytes(model, settings, pcm_of(make(10)))[0]]
    print(f"sounds without speech: {len(silent)} of {len(WITHOUT_SPEECH)} give no word")
    for name, make in HARD.items():
        heard, _ = streamed_bytes(model, settings, pcm_of(make(45)))
        words = sum(len(h.words) for h in heard if h.is_final)
        print(f"{name:28} {words * 60 / 45:5.1f} words a minute")
    visits = load_corpus(find_corpus("visits")).utterances
    loud = [speech_alone(read_utterance(one, RATE_HZ).pcm, one) for one in visits]
    pcm = np.concatenate(loud)[: 180 * RATE_HZ].astype("<i2").tobytes()
    begun = time.process_time()
    heard, _ = streamed_bytes(model, settings, pcm)
    finals = [h for h in heard if h.is_final]
    longest = max(h.end_ms - h.start_ms for h in finals) / 1000
    print(
        f"{len(pcm) / 2 / RATE_HZ:.0f} s without a pause: {len(finals)} finals, the longest {longest:.1f} s, "
        f"{sum(len(h.words) for h in finals)} words, CPU {(time.process_time() - begun) * 2 * RATE_HZ / len(pcm):.3f} "
        "of the audio"
    )
    print(f"silence of 60 s: {streamed_bytes(model, settings, silence(60))[1].passes} passes")


def speech_alone(pcm, utterance):
    """The words of a recording without what is between them."""
    words = utterance.reference.words
    return np.concatenate([pcm[word.start_sample : word.end_sample] for word in words])


def live(model, settings, streams, seconds, threads):
    """Streams in real time: how much audio waits, looked at before each chunk."""
    speech = [read_utterance(one, RATE_HZ).pcm for one in load_corpus(find_corpus("visits")).utterances]
    sound = np.concatenate(speech).astype("<i2").tobytes()
    engine, waits, delays = Engine(model, settings, threads), [], []
    begun, cpu = time.perf_counter(), time.process_time()

    def play(number):
        arrived, taken = [], 0

        def tell(decoded):
            nonlocal taken
            taken += 1
            if decoded.heard and not decoded.is_end:
                delays.append(time.perf_counter() - arrived[taken - 1])

        stream = engine.open(RATE_HZ, tell)
        first = number * len(sound) // streams // CHUNK_BYTES * CHUNK_BYTES
        for chunk in range(int(seconds * 10)):
            time.sleep(max(0.0, begun + number * 0.033 + 0.1 * chunk - time.perf_counter()))
            waits.append(stream.backlog_s)
            arrived.append(time.perf_counter())
            place = (first + chunk * CHUNK_BYTES) % (len(sound) - CHUNK_BYTES)
            engine.feed(stream, sound[place : place + CHUNK_BYTES])
        engine.finish(stream)

    players = [threading.Thread(target=play, args=(number,)) for number in range(streams)]
    for player in players:
        player.start()
    for player in players:
        player.join()
    cores = (time.process_time() - cpu) / (time.perf_counter() - begun)
    engine.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bounds = {"backlog": {0.99: BACKLOG_S}, "text after its chunk": {}}
    figures = [
        Figure(f"{what} p{100 * share:.0f}", float(np.quantile(values, share)), "s", bounds[what].get(share))
        for what, values in (("backlog", waits), ("text after its chunk", delays))
        for share in (0.5, 0.95, 0.99)
    ]
    figures += [Figure("processor", cores, "cores"), Figure("peak memory", peak, "MB")]
    show(f"Whisper, {streams} live streams for {seconds:g} s, a partial every {settings.partial_every_s} s", figures)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", choices=CORPORA, action="append", help="default: all")
    parser.add_argument("--condition", choices=[*CONDITIONS, "whole"], action="append", help="default: all")
    parser.add_argument("--every", type=int, default=1, help="takes each n-th utterance only")
    parser.add_argument("--model", default="whisper", help=f"{', '.join(VARIANTS)} or a folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--partials", action="store_true", help="partials are decoded too; they change no final")
    parser.add_argument("--texts", action="store_true", help="prints what was heard")
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the finals of the last condition as JSON")
    parser.add_argument("--sounds", action="store_true", help="sounds without speech instead")
    parser.add_argument("--live", type=int, metavar="STREAMS", help="so many streams in real time instead")
    parser.add_argument("--seconds", type=float, default=120, help="of --live")
    parser.add_argument("--partial-every", type=float, default=0.5, help="seconds")
    parser.add_argument("--json", action="store_true", help="one JSON object, of --live")
    arguments = parser.parse_args()
    begun, cpu = time.perf_counter(), time.process_time()
    model = load_whisper(arguments.model, arguments.threads)
    spent = f"{time.perf_counter() - begun:.2f} s, {time.process_time() - cpu:.2f} s of CPU"
    print(f"{arguments.model} loaded and checked in {spent}", file=sys.stderr)
    settings = settings_of(arguments.model, model.vocabulary, partial_every_s=arguments.partial_every)
    if arguments.live:
        live(model, settings, arguments.live, arguments.seconds, arguments.threads)
        return
    if arguments.sounds:
        sounds(model, replace(settings, partial_every_s=float("inf")))
        return
    if not arguments.partials:
        settings = replace(settings, partial_every_s=float("inf"))
    kept = {}
    for corpus in arguments.corpus or CORPORA:
        for name in arguments.condition or [*CONDITIONS, "whole"]:
            row(model, settings, corpus, CONDITIONS.get(name, AudioConfig()), name, arguments, kept)
    if arguments.write is not None:
        arguments.write.write_text(json.dumps(kept, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""The seed corpus: what both ends say in both dialects, and small files. ``python -m tests.fuzz.make_seeds``."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

from workbench.protocol import asyncapi, live
from workbench.protocol.messages import (
    Audio,
    EndOfAudio,
    EndOfResults,
    Event,
    EventName,
    Final,
    Partial,
    Product,
    StartTime,
    StreamStatus,
    TranscriptWord,
)

__all__ = ["CORPUS", "seed_files"]

CORPUS = Path(__file__).with_name("corpus")
PCM = bytes(range(64))
SERVER = [
    Partial("no chest", "p1"), Partial("", None), Final("no chest pain", (TranscriptWord("no", "S1"),), "f1"),
    Final("Naïve — 5 mg, ½ tablet 💊", (), "f2"), EndOfResults(),
]  # fmt: skip
STATUSES = [StreamStatus("READY"), StreamStatus("ERROR", "went wrong"), StreamStatus("ENDED")]
ODD = [
    b"", b"{", b"null", b"[]", b'"EOF"', b"5", b'{"transcript":{"transcript":"EOF"}}', b'{"type":"WEATHER"}',
    b'{"transcript":{"transcript":5},"is_final":"yes"}', b'{"type":"AUDIO","data":"RU9G","audioData":"AAA="}',
    b'{"transcript":{"transcript":"\\ud83d\\udc8a","words":[{"word":"x","speaker":{"id":"S1"}}]},"is_final":true}',
    b'\xef\xbb\xbf{"type":"EOF"}', b"\xff\xfe\x00", b'{"type":"EVENT","event":"EOF"}', b"[" * 2000,
]  # fmt: skip


def seed_files() -> dict[str, list[bytes]]:
    """Target to its seeds."""
    server = [live.encode_server(m, "s") for m in SERVER] + [asyncapi.encode_server(m, "s") for m in SERVER + STATUSES]
    client = [
        codec.encode_client(m, Product.DICTATION) for codec in (live, asyncapi) for m in (Audio(PCM), EndOfAudio())
    ]
    stream = [StartTime("2026-04-25T12:34:56Z"), Audio(PCM), EndOfAudio()]
    client += [codec.encode_client(m, Product.AMBIENT) for codec in (live, asyncapi) for m in stream]
    client += [live.encode_client(Event(name), Product.AMBIENT) for name in EventName]
    row = {"id": "a", "audio": "a.wav", "reference": "no pain", "terms": [{"text": "pain", "kind": "medical"}]}
    cut = {
        "id": "c", "start": 0, "duration": 1, "recording": {"sources": [{"type": "file", "source": "a.wav"}]},
        "supervisions": [{"start": 0, "duration": 1, "text": "no pain", "speaker": "s"}],
    }  # fmt: skip
    segment = [{"session_id": "a", "speaker": "s", "words": "no", "start_time": 0, "end_time": 1}]
    return {
        "server_frames": server + ODD,
        "client_frames": client + ODD,
        "client_session": [b"\xff".join(server), b"\xff".join(server[::-1])],
        "server_session": [b"\xff".join(client), b"\xff".join(client[::-1])],
        "rest_answers": [
            b"{}", b'{"code":401,"message":"invalid_sdp_token: expired"}', b"<html>", b"2",
            b"Fri, 02 Jan 1970 00:00:00 GMT",
            b'{"status":"success","session_id":"s","encounter_id":"e","_links":{"status":[{"href":"/x"}]}}',
            b'{"provider":{"specialty":"CARDIOLOGY"},"visit":{"chief_complaint":"pain"}}',
        ],
        "manifest": [
            json.dumps(row).encode(),
            json.dumps(row | {"audio": "../../etc/passwd"}).encode(),
            json.dumps(row).encode() + b'\xff{"id":"a","origin":"x","words":[["no",0,5]]}\xff{"name":"n"}',
        ],
        "importers": [
            b'{"audio_filepath":"a.wav","text":"no pain","duration":1.0,"offset":0.5}',
            b"file_name,transcription\na.wav,no pain\n", b"path\tsentence\tclient_id\na.mp3\tno pain\tx\n",
            b"a a.wav\nb sox b.wav |\xffa no pain\xffa a 0 1\xffa s", b"1-2-0 NO PAIN\n", json.dumps(cut).encode(),
            gzip.compress(json.dumps(cut).encode(), mtime=0), json.dumps(segment).encode(),
        ],
        "scenarios": [b'name = "x"\nseed = 1\n[[fault]]\nkind = "reset"\nat_ms = 5\nshare = 0.5\n'],
    }  # fmt: skip


if __name__ == "__main__":
    for target, found in seed_files().items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for seed in found:
            (folder / hashlib.sha256(seed).hexdigest()[:12]).write_bytes(seed)

"""Encoding an AUDIO frame and decoding a transcript frame, beside the standard library.

Usage: python benchmarks/messages.py [--json]
"""

from __future__ import annotations

import base64
import json

from figures import Figure, per_call_us, show

from workbench.protocol import live
from workbench.protocol.messages import Final, Partial, Product, TranscriptWord

PCM = bytes(range(256)) * 12 + b"\0" * 128


def main() -> None:
    words = "the patient denies chest pain or shortness of breath".split()  # noqa: SIM905
    partial = live.encode_server(Partial(" ".join(words), "01J0000000000000000000000A"), "").decode()
    final = live.encode_server(Final(" ".join(words), tuple(TranscriptWord(w, "S1") for w in words), "id"), "").decode()
    frame = live.encode_audio(PCM, Product.DICTATION).decode()

    def plain() -> bytes:
        return json.dumps({"type": "AUDIO", "audioData": base64.b64encode(PCM).decode()}).encode()

    show(
        "Encode and decode",
        [
            Figure("encode 100 ms of audio", per_call_us(lambda: live.encode_audio(PCM, Product.DICTATION)), "us"),
            Figure("the same with json and base64", per_call_us(plain), "us"),
            Figure(
                "decode 100 ms of audio (simulator)",
                per_call_us(lambda: live.decode_client(frame, Product.DICTATION)),
                "us",
            ),
            Figure("decode a partial", per_call_us(lambda: live.decode_server(partial)), "us"),
            Figure("decode a final of nine words", per_call_us(lambda: live.decode_server(final)), "us"),
            Figure("the partial with json alone", per_call_us(lambda: json.loads(partial)), "us"),
        ],
    )


if __name__ == "__main__":
    main()

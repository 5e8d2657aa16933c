"""Which rules bind a client, and which of them no test here can show."""

from __future__ import annotations


def _ids(text: str) -> tuple[str, ...]:
    return tuple(f"S-{number}" for number in text.split())


BOTH_RULES = _ids("1 3 11 200 218")
CLIENT_RULES = _ids(
    "2 4 5 6 8 10 13 15 18 19 21 22 27 29 31 32 33 34 35 36 37 38 39 40 46 47 48 49 51 54 55 56 58 59 60 65 72 73 75 "
    "77 78 79 80 81 82 83 84 85 88 90 91 92 97 98 99 100 101 102 106 107 112 116 118 119 123 130 134 135 136 140 141 "
    "142 143 144 145 146 148 149 150 152 153 154 155 156 157 159 160 162 168 169 171 173 174 175 181 183 185 191 192 "
    "193 194 195 196 197 202 203 204 206 220"
)

_NO_RECORDINGS = "binds a client that fetches recordings; this one asks for none"

NOT_TESTABLE: dict[str, str] = {
    "S-27": "binds a client that verifies tokens; this one only hands them back to the service that signed them",
    "S-58": "binds a browser's client; this one sends headers (S-59), and never Sec-WebSocket-Protocol",
    "S-141": _NO_RECORDINGS,
    "S-142": _NO_RECORDINGS,
    "S-143": _NO_RECORDINGS,
    "S-144": "binds a browser's client; this one sends headers (S-145), and never Sec-WebSocket-Protocol",
}

"""The pure functions of our JavaScript, run where they will run."""

import functools
import http.server
import threading

import pytest

from workbench.app.components import ASSETS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address():
    """The modules on a server of their own, without the app around them."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        extensions_map = {".js": "text/javascript", ".css": "text/css", "": "text/html"}  # noqa: RUF012

        def do_GET(self):
            if self.path == "/":
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>modules</title>")
            else:
                super().do_GET()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=ASSETS))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(page, address):
    """Call a function body with the named module as ``m``."""
    page.goto(address)

    def call(module, body, argument=None):
        code = f"async (a) => {{ const m = await import('/{module}.js'); {body} }}"
        return page.evaluate(code, argument)

    return call


def test_every_module_is_short():
    """Plain modules, each small enough to be read."""
    assert [p.name for p in ASSETS.glob("*.js") if len(p.read_text().splitlines()) >= 400] == []


def test_no_module_writes_markup():
    """Text enters the page through textContent alone."""
    for module in ASSETS.glob("*.js"):
        text = module.read_text()
        ways = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
        assert [way for way in ways if way in text] == []


MESSAGES = [
    {"n": 0, "kind": "session", "title": "", "endpoint": "e", "simulated": True, "lanes": [*"ab"]},
    {"n": 1, "kind": "begin", "lane": 0, "length_ms": 900, "rate_hz": 16000, "peaks": [], "words": [], "reference": ""},
    {"n": 2, "kind": "audio", "lane": 0, "end": 100, "at": 100, "late": 0.2},
    {"n": 3, "kind": "partial", "lane": 0, "at": 300, "text": "no"},
    {"n": 4, "kind": "partial", "lane": 1, "at": 310, "text": "know"},
    {"n": 5, "kind": "final", "lane": 0, "at": 500, "text": "no pain", "steps": [["equal", "no", "no"]]},
    {"n": 6, "kind": "over", "state": "ended", "problem": None, "sentence": "s"},
]  # fmt: skip

FOLD = "const s = m.initial(); for (const x of a) m.apply(s, x); return s;"


def test_messages_fold_into_lanes(run):
    """A final takes the place of its partial; other lanes are left alone."""
    state = run("feed", FOLD, MESSAGES)
    first, second = state["lanes"]
    assert (first["finals"], first["partial"], first["heardMs"]) == (["no pain"], "", 100)
    assert [tick["final"] for tick in first["ticks"]] == [False, True]
    assert (second["partial"], second["finals"]) == ("know", [])
    assert (state["state"], state["sentence"]) == ("ended", "s")


def test_messages_that_are_told_twice_change_nothing(run):
    """After a lost connection everything is told again."""
    assert run("feed", FOLD, [*MESSAGES, *MESSAGES]) == run("feed", FOLD, MESSAGES)


def test_unknown_numbers_are_shown_as_unknown(run):
    """Never as zero."""
    assert run("feed", "return [m.seconds(null), m.percent(null), m.seconds(0), m.percent(0.125)];") == [
        "–", "–", "0.00 s", "12.5 %",
    ]  # fmt: skip


def test_the_time_axis_is_its_own_inverse(run):
    """A click lands on the time that is drawn there."""
    body = "const s = m.scale(200, 5200, 60, 800); return [0, 60, 333, 860].map((x) => s.x(s.ms(x)));"
    assert run("timeline", body) == pytest.approx([0, 60, 333, 860])
    assert run("timeline", "return [m.gridStep(900), m.gridStep(9000), m.gridStep(600000)];") == [200, 2000, 120000]


def test_the_word_at_a_time_is_the_last_one_that_has_begun(run):
    """Before the first word there is none."""
    body = "const w = [['a', 100, 200], ['b', 200, 300]]; return [50, 100, 250, 900].map((t) => m.wordAt(w, t));"
    assert run("timeline", body) == [-1, 0, 1, 1]


def test_errors_are_walked_in_both_directions(run):
    """From where the listener stands, never to the place itself."""
    body = """
      const words = [['a', 0, 100], ['b', 100, 200], ['c', 200, 300]];
      const steps = [['equal', 'a', 'a', 0], ['substitution', 'x', 'b', 1], ['insertion', 'y', null, 1],
        ['deletion', null, 'c', 2]];
      const errors = m.errorsOf(steps, words);
      const at = (ms, forward) => { const e = m.nextError(errors, ms, forward); return e && e.at; };
      return [errors.length, at(0, true), at(100, true), at(200, true), at(200, false), at(0, false)];"""
    assert run("playback", body) == [3, 100, 200, None, 100, None]


def test_what_stood_on_screen_at_a_time(run):
    """Finals stay, the newest partial stands behind them."""
    body = """const t = [[100, 'no', false], [200, 'no pain', true], [300, 'left', false]];
      return [50, 150, 250, 350].map((ms) => { const s = m.screenAt(t, ms); return [s.finals, s.partial]; });"""
    assert run("playback", body) == [["", ""], ["", "no"], ["no pain", ""], ["no pain", "left"]]


def test_samples_are_rounded_and_saturated(run):
    """As on the Python side."""
    body = "return Array.from(m.toInt16(new Float32Array([0, 1, -1, 0.5, 2, -2])));"
    assert run("microphone", body) == [0, 32767, -32768, 16384, 32767, -32768]


def test_processing_is_off_unless_it_is_asked_for(run):
    """What the browser is asked for, and what it says it did."""
    asked = run("microphone", "return m.constraints({noise_suppression: true}).audio;")
    assert (asked["echoCancellation"], asked["noiseSuppression"], asked["autoGainControl"]) == (False, True, False)
    taken = run("microphone", "return m.takenFacts({echoCancellation: false}, 'built in');")
    assert taken == {
        "echo_cancellation": False, "noise_suppression": None, "gain_control": None, "device_rate_hz": None,
        "device": "built in",
    }  # fmt: skip


def test_markup_in_a_transcript_stays_text_and_errors_have_a_sign_besides_their_colour(run):
    """Arrow, plus and strike; no element is made of what was said."""
    body = """const p = document.createElement('p'); document.body.append(p);
      m.fillTranscript(p, [['substitution', '<img src=x onerror=boom()>', 'pain'], ['insertion', '<b>no</b>', null],
        ['deletion', null, 'left']], [], '<script>boom()</script>');
      return [p.textContent, p.querySelectorAll('img, b, script').length, p.querySelectorAll('del, ins').length];"""
    text, made, signs = run("words", body)
    assert text == "pain → <img src=x onerror=boom()> +<b>no</b> left <script>boom()</script>"
    assert (made, signs) == (0, 2)

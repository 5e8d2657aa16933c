"""The modules of our JavaScript, run where they will run, without the app around them."""

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
def page(visitor):
    """What a test makes there is gone with the next load."""
    return visitor.page


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


TICKS = [
    {"at": 500, "final": False, "text": "no best"},
    {"at": 900, "final": False, "text": "no chest pain"},
    {"at": 2000, "final": True, "text": "no chest pain.", "steps": [["equal", "no", "no"]]},
    {
        "at": 7000,
        "final": True,
        "text": "left far",
        "steps": [["equal", "left", "left"], ["insertion", "far", None]],
    },
]


def test_what_a_lane_showed_is_shown_again(run):
    """At any time of its replay: finals so far with their errors, the newest partial behind them."""
    body = "return [600, 2500, 8000].map((t) => { const s = m.laneAt({ticks: a}, t); return [s.finals, s.partial]; });"
    assert run("feed", body, TICKS) == [
        [[], "no best"], [["no chest pain."], ""], [["no chest pain.", "left far"], ""],
    ]  # fmt: skip


def test_the_best_moment_is_the_final_with_the_most_errors_else_the_largest_correction(run):
    """From five seconds before it, where there is sound, to a little after; nothing heard is no moment."""
    body = "return m.bestMoment([{ticks: a.slice(0, a.length - 1), lengthMs: 0}, {ticks: a, lengthMs: 6000}]);"
    assert run("feed", body, TICKS) == {"from": 1000, "to": 8500}
    body = "return [m.bestMoment([{ticks: a.slice(0, 2), lengthMs: 9000}]), m.bestMoment([{ticks: [], lengthMs: 1}])];"
    assert run("feed", body, TICKS) == [{"from": 0, "to": 2400}, None]


def test_corrected_words_are_those_that_read_differently_now(run):
    """Marks, capitals and words that are new are no correction."""
    body = "return a.map(([before, now]) => m.changedWords(before.split(' '), now.split(' ')));"
    pairs = [("no best", "no chest pain"), ("no chest", "No, chest pain"), ("a b c", "a x")]
    assert run("feed", body, pairs) == [[1], [], [1]]


def test_small_drift_of_the_sound_is_played_away(run):
    """Ahead is slowed, behind is hurried, by no more than is heard; a blink is let be."""
    assert run("sound", "return [0, 8, -8, 20, -20, 400].map(m.rateFor);") == [1, 1, 1, 0.96, 1.04, 0.94]


def test_the_level_of_a_microphone_is_warned_of(run):
    """Only after two seconds: too loud before too quiet, silence apart from both."""
    body = (
        "return a.map(([frames, db, clipped]) => m.levelWarning(Array(frames).fill(db), Array(frames).fill(clipped)));"
    )
    assert run("microphone", body, [(19, -50, 0), (20, -50, 0), (20, -60, 0), (20, -20, 0), (20, -3, 1)]) == [
        "", "very quiet: come closer or turn it up", "nothing is heard: is the microphone muted?", "",
        "too loud: it clips",
    ]  # fmt: skip


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
    assert run("microphone", "return m.constraints({}, 'd7').audio.deviceId;") == {"exact": "d7"}
    taken = run("microphone", "return m.takenFacts({echoCancellation: false}, 'built in');")
    assert taken == {
        "echo_cancellation": False, "noise_suppression": None, "gain_control": None, "device_rate_hz": None,
        "device": "built in",
    }  # fmt: skip


# A microphone on a page of its own: its device is a tone whose track is a real one, its socket a real one to the test.
MICROPHONE = """
  const tone = new AudioContext(), to = tone.createMediaStreamDestination(), source = tone.createOscillator();
  source.connect(to);
  source.start();
  window.track = to.stream.getTracks()[0];
  window.asked = 0;
  navigator.mediaDevices.getUserMedia = async () => {
    window.asked += 1;
    if (a.refused) throw new DOMException('', a.refused);
    if (a.later) await new Promise((resolve) => { window.allow = resolve; });
    return to.stream;
  };
  const root = document.createElement('div');
  document.body.append(root);
  window.session = null;
  window.leave = m.default({ parentElement: root, setTriggerValue: (name, value) => { window.session = value; },
    data: { url: '/microphone', name: 'spoken', facts: {} } });
"""
STATE = "[window.track.readyState, document.querySelector('.note').textContent]"


@pytest.fixture
def microphone(run, page):
    """Draw one and click Start; returns the messages it sends, of all its sockets. ``answer`` follows a greeting."""

    def started(answer='{"session": "known"}', **device):
        sent = []

        def opened(socket):
            def said(message):
                if answer and isinstance(message, str) and message != "end":
                    socket.send(answer)
                sent.append(message)

            def left(code, reason):
                closed.append(code)
                socket.close(code=code)

            socket.on_message(said)
            socket.on_close(left)
            sockets.append(socket)

        page.route_web_socket("**/microphone", opened)
        run("microphone", MICROPHONE, device)
        page.get_by_role("button", name="Start microphone").click()
        return sent

    sockets = started.sockets = []
    closed = started.closed = []
    return started


def closes(page, microphone):
    """Wait until the page has closed a socket; nothing comes on it any more."""
    while not microphone.closed:
        page.wait_for_timeout(10)


def has_sent(page, seconds):
    """Wait for the note that says so."""
    page.wait_for_function(f"parseFloat(document.querySelector('.note').textContent) >= {seconds}")


def lengths(sent):
    """Bytes of each message with sound."""
    return [len(message) for message in sent if isinstance(message, bytes)]


def test_stop_sends_the_last_short_frame_and_ends_the_track(microphone, page):
    """What was said up to the click goes out, then the word for the end, then nothing."""
    sent = microphone()
    has_sent(page, 0.3)
    page.evaluate("document.querySelector('button').click()")
    state, note = page.evaluate(STATE)
    assert (state, note.startswith("Stopped after ")) == ("ended", True)
    closes(page, microphone)
    assert sent[-1] == "end"
    *whole, last = lengths(sent)
    assert set(whole) == {3_200}
    assert last in range(320, 3_201, 320)
    assert note == f"Stopped after {sum(lengths(sent)) / 32_000:.1f} s"
    assert page.evaluate("window.session") == "known"


def test_a_microphone_starts_again_after_stop_and_the_old_socket_ends_nothing_new(microphone, page):
    """The server's close of the first comes while the second listens."""
    sent = microphone()
    has_sent(page, 0.1)
    page.evaluate("window.old = window.track; document.querySelector('button').click()")
    assert page.evaluate("[window.old.readyState, document.querySelector('button').textContent]") == [
        "ended", "Start microphone",
    ]  # fmt: skip
    silent = "async () => new AudioContext().createMediaStreamDestination().stream"
    page.evaluate(f"navigator.mediaDevices.getUserMedia = {silent}")
    page.evaluate("document.querySelector('button').click()")
    closes(page, microphone)
    has_sent(page, 0.1)
    assert len(microphone.sockets) == 2
    assert page.evaluate("document.querySelector('button').textContent") == "Stop"
    assert [message for message in sent if message == "end"] == ["end"]


def test_a_double_click_on_stop_does_not_begin_anew(microphone, page):
    """One wish."""
    microphone()
    has_sent(page, 0.1)
    page.get_by_role("button", name="Stop").dblclick()
    assert page.evaluate("[window.asked, document.querySelector('button').textContent]") == [1, "Start microphone"]


def test_stop_before_the_service_answers_sends_no_sound(microphone, page):
    """The server has the greeting and says nothing yet; what was said meanwhile stays here."""
    sent = microphone(answer=None)
    page.wait_for_function("document.querySelector('meter').value > -60")
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate(STATE) == ["ended", "Stopped before the service answered; nothing was sent."]
    closes(page, microphone)
    assert len(sent) == 1


@pytest.mark.parametrize("how", ["document.querySelector('button').click()", "window.leave()"])
def test_a_microphone_that_is_allowed_after_stop_is_not_kept(microphone, page, how):
    """The browser was still asking when Stop was clicked, or the page was left."""
    microphone(later=True)
    page.wait_for_function("window.allow !== undefined")
    page.evaluate(how)
    page.evaluate("window.allow()")
    page.wait_for_function("window.track.readyState === 'ended'")
    assert microphone.sockets == []


@pytest.mark.parametrize("how", ["window.leave()", "window.dispatchEvent(new Event('pagehide'))"])
def test_a_page_that_is_left_ends_its_microphone(microphone, page, how):
    """The component is taken off the page, or the page itself goes."""
    sent = microphone()
    has_sent(page, 0.1)
    page.evaluate(how)
    assert page.evaluate("window.track.readyState") == "ended"
    closes(page, microphone)
    assert sent[-1] == "end"


def test_a_session_that_ends_by_itself_ends_the_track(microphone, page):
    """The server closes the socket."""
    microphone()
    has_sent(page, 0.1)
    microphone.sockets[0].close(code=1000)
    page.wait_for_function("window.track.readyState === 'ended'")
    assert page.evaluate(STATE)[1] == "The session has ended; the microphone is off."


def test_a_device_that_is_taken_away_ends_the_session(microphone, page):
    """It says so, and the server is told."""
    sent = microphone()
    has_sent(page, 0.1)
    page.evaluate("window.track.stop(); window.track.dispatchEvent(new Event('ended'))")
    assert page.evaluate(STATE)[1] == "The microphone was taken away."
    closes(page, microphone)
    assert sent[-1] == "end"


def test_a_microphone_that_cannot_be_had_is_one_line(microphone, page):
    """Refused, missing, or refused by the server; nothing stays on, and Start is there again."""
    microphone(answer='{"problem": "simulator: no service"}')
    page.wait_for_function("window.track.readyState === 'ended'")
    assert page.evaluate(STATE)[1] == "simulator: no service"
    assert page.evaluate("document.querySelector('button').textContent") == "Start microphone"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("NotAllowedError", "was not allowed"),
        ("NotFoundError", "no microphone"),
        ("NotReadableError", "could not be opened"),
    ],
)
def test_a_refused_permission_is_one_line(microphone, page, error, line):
    """No socket is opened."""
    microphone(refused=error)
    page.get_by_text(line).wait_for()
    assert page.evaluate("document.querySelector('button').textContent") == "Start microphone"
    assert microphone.sockets == []


def test_a_chosen_microphone_that_is_gone_is_one_line(microphone, page):
    """Another one can be chosen at once; no second socket was opened."""
    microphone()
    has_sent(page, 0.1)
    page.get_by_role("button", name="Stop").click()
    page.evaluate("""navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException('', 'OverconstrainedError');
      };
      document.querySelector('select').append(new Option('Headset', 'h', true, true))""")
    page.get_by_role("button", name="Start microphone").click()
    page.get_by_text("The chosen microphone is not there").wait_for()
    assert page.get_by_label("Which microphone").is_enabled()
    assert page.evaluate("document.querySelector('button').textContent") == "Start microphone"
    assert len(microphone.sockets) == 1


def test_markup_in_a_transcript_stays_text_and_errors_have_a_sign_besides_their_colour(run):
    """Arrow, plus and strike; no element is made of what was said."""
    body = """const p = document.createElement('p'); document.body.append(p);
      m.fillTranscript(p, [['substitution', '<img src=x onerror=boom()>', 'pain'], ['insertion', '<b>no</b>', null],
        ['deletion', null, 'left']], [], '<script>boom()</script>');
      return [p.textContent, p.querySelectorAll('img, b, script').length, p.querySelectorAll('del, ins').length];"""
    text, made, signs = run("words", body)
    assert text == "pain → <img src=x onerror=boom()> +<b>no</b> left <script>boom()</script>"
    assert (made, signs) == (0, 2)

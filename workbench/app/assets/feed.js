// What a live session told, as state; and the socket that tells it. House rules: `apply` is pure but for the state it
// is given, so that it is tested without a socket; a session that is told again from its beginning starts anew.

export { percent, seconds } from "./words.js";

export function initial() {
  return { next: 0, title: "", endpoint: "", simulated: false, microphone: false, state: "waiting", problem: null,
    sentence: null, leftOut: [], runId: null, audio: false, zeroMs: null, sound: { peaks: [], ms: 0 }, lanes: [], log: [] };
}

export function newLane(name) {
  return { name, lengthMs: 0, rateHz: 0, peaks: [], words: [], reference: "", heardMs: 0, partial: "", steps: null,
    finals: [], ticks: [], numbers: {}, done: false, failed: false, outcome: null, error: null, lateMs: 0, refused: null,
    endpoint: "", simulated: false, recogniser: null };
}

const LOG_LENGTH = 200;
const SILENT = new Set(["numbers", "audio", "sound", "zero"]);

// Returns the state; messages that were applied already change nothing.
export function apply(state, message) {
  if (message.kind === "session" && message.n === 0) {
    if (state.next > 0) return state;
    Object.assign(state, { title: message.title, endpoint: message.endpoint, simulated: message.simulated,
      microphone: message.microphone, lanes: message.lanes.map(newLane) });
    state.next = 1;
    return state;
  }
  if (message.n < state.next) return state;
  state.next = message.n + 1;
  const lane = message.lane === undefined ? null : state.lanes[message.lane];
  const change = changes[message.kind];
  if (change) change(state, lane, message);
  if (!SILENT.has(message.kind)) note(state, message);
  return state;
}

const changes = {
  begin(state, lane, m) {
    state.state = "playing";
    Object.assign(lane, { lengthMs: m.length_ms, rateHz: m.rate_hz, peaks: m.peaks, words: m.words,
      reference: m.reference, endpoint: m.endpoint, simulated: m.simulated, recogniser: m.recogniser });
  },
  zero(state, lane, m) { state.zeroMs = m.at_ms; },
  refused(state, lane, m) { Object.assign(lane, { refused: m.problem, done: true }); },
  sound(state, lane, m) {
    state.sound.peaks.push(...m.peaks);
    state.sound.ms += m.ms;
  },
  audio(state, lane, m) {
    lane.heardMs = m.end;
    lane.lengthMs = Math.max(lane.lengthMs, m.end);
    lane.lateMs = Math.max(lane.lateMs, m.late);
  },
  partial(state, lane, m) {
    lane.partial = m.text;
    lane.ticks.push({ at: m.at, final: false, text: m.text });
  },
  final(state, lane, m) {
    lane.partial = "";
    lane.finals.push(m.text);
    lane.steps = m.steps;
    lane.ticks.push({ at: m.at, final: true, text: m.text, steps: m.steps });
  },
  numbers(state, lane, m) { lane.numbers = m; },
  done(state, lane, m) {
    Object.assign(lane, { done: true, partial: "", failed: m.failed, outcome: m.outcome, error: m.error, numbers: m });
    if (m.steps) lane.steps = m.steps;
    if (m.text) lane.finals = [m.text];
  },
  over(state, lane, m) {
    Object.assign(state, { state: m.state, problem: m.problem, sentence: m.sentence, leftOut: m.left_out || [],
      audio: m.audio });
  },
  saved(state, lane, m) { state.runId = m.run_id; },
};

function note(state, m) {
  const at = m.at === undefined ? "" : `${(m.at / 1000).toFixed(2)} s`;
  const text = m.kind === "partial" || m.kind === "final" ? m.text : m.outcome || m.state || m.run_id || "";
  state.log.push({ kind: m.kind, lane: m.lane, at, text });
  if (state.log.length > LOG_LENGTH) state.log.shift();
}

export function isOver(state) { return ["ended", "stopped", "failed"].includes(state.state); }

// What stood on a lane's screen at a time: finals so far, the errors known by then, the newest partial.
export function laneAt(lane, ms) {
  const shown = { finals: [], steps: null, partial: "" };
  for (const tick of lane.ticks) {
    if (tick.at > ms) break;
    if (tick.final) {
      shown.finals.push(tick.text);
      Object.assign(shown, { steps: tick.steps, partial: "" });
    } else shown.partial = tick.text;
  }
  return shown;
}

const BEFORE_MS = 5000, AFTER_MS = 1500;

// Where a replay is worth most: the final with the most errors, else the partial that took back the most words, else the
// last final. From a little before to a little after; null where nothing was heard.
export function bestMoment(lanes) {
  let best = null;
  for (const lane of lanes) {
    let before = [];
    for (const tick of lane.ticks) {
      const words = tick.text.split(" ");
      const errors = tick.final && tick.steps ? tick.steps.filter(([kind]) => kind !== "equal").length : 0;
      const weight = 1000 * errors + changedWords(before, words).length + (tick.final ? 0.5 : 0);
      if (!best || weight > best.weight) best = { at: tick.at, weight };
      before = tick.final ? [] : words;
    }
  }
  // However late it came: what is replayed has sound.
  const latest = Math.max(0, ...lanes.map((lane) => lane.lengthMs - BEFORE_MS));
  return best && { from: Math.max(0, Math.min(best.at - BEFORE_MS, latest)), to: best.at + AFTER_MS };
}

// Places of words that stood there before and read differently now; marks and capitals are no change.
export function changedWords(before, now) {
  const plain = (word) => word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const places = [];
  for (let i = 0; i < Math.min(before.length, now.length); i += 1) if (plain(before[i]) !== plain(now[i])) places.push(i);
  return places;
}

export function socketAddress(path, location) {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}

// Follows a session; `onMessages` gets arrays. Reconnects, waiting longer each time, until `close` is called.
export function follow(path, onMessages, onState) {
  let socket = null, closed = false, waitMs = 250, timer = 0;
  function open() {
    socket = new WebSocket(socketAddress(path, window.location));
    socket.onopen = () => { waitMs = 250; onState("connected"); };
    socket.onmessage = (event) => onMessages(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (closed || event.code === 1000) { onState("over"); return; }
      onState("lost");
      timer = window.setTimeout(open, waitMs);
      waitMs = Math.min(waitMs * 2, 4000);
    };
  }
  open();
  return () => {
    closed = true;
    window.clearTimeout(timer);
    if (socket) socket.close(1000);
  };
}

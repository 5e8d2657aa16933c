// What a live session told, as state; and the socket that tells it. House rules: `apply` is pure but for the state it
// is given, so that it is tested without a socket; a session that is told again from its beginning starts anew.

export function initial() {
  return { next: 0, title: "", endpoint: "", simulated: false, microphone: false, state: "waiting", problem: null,
    sentence: null, runId: null, lanes: [], log: [] };
}

export function newLane(name) {
  return { name, lengthMs: 0, rateHz: 0, peaks: [], words: [], reference: "", heardMs: 0, partial: "", steps: null,
    finals: [], ticks: [], numbers: {}, done: false, failed: false, outcome: null, error: null, lateMs: 0 };
}

const LOG_LENGTH = 200;

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
  if (message.kind !== "numbers" && message.kind !== "audio") note(state, message);
  return state;
}

const changes = {
  begin(state, lane, m) {
    state.state = "playing";
    Object.assign(lane, { lengthMs: m.length_ms, rateHz: m.rate_hz, peaks: m.peaks, words: m.words,
      reference: m.reference });
  },
  audio(state, lane, m) {
    lane.heardMs = m.end;
    lane.lengthMs = Math.max(lane.lengthMs, m.end);
    lane.lateMs = Math.max(lane.lateMs, m.late);
  },
  partial(state, lane, m) {
    lane.partial = m.text;
    lane.ticks.push({ at: m.at, final: false });
  },
  final(state, lane, m) {
    lane.partial = "";
    lane.finals.push(m.text);
    lane.steps = m.steps;
    lane.ticks.push({ at: m.at, final: true });
  },
  numbers(state, lane, m) { lane.numbers = m; },
  done(state, lane, m) {
    Object.assign(lane, { done: true, partial: "", failed: m.failed, outcome: m.outcome, error: m.error, numbers: m });
    if (m.steps) lane.steps = m.steps;
    if (m.text) lane.finals = [m.text];
  },
  over(state, lane, m) { Object.assign(state, { state: m.state, problem: m.problem, sentence: m.sentence }); },
  saved(state, lane, m) { state.runId = m.run_id; },
};

function note(state, m) {
  const at = m.at === undefined ? "" : `${(m.at / 1000).toFixed(2)} s`;
  const text = m.kind === "partial" || m.kind === "final" ? m.text : m.outcome || m.state || m.run_id || "";
  state.log.push({ kind: m.kind, lane: m.lane, at, text });
  if (state.log.length > LOG_LENGTH) state.log.shift();
}

export function isOver(state) { return ["ended", "stopped", "failed"].includes(state.state); }

// Milliseconds for people: "0.63 s", "–" for unknown.
export function seconds(ms) { return ms === null || ms === undefined ? "–" : `${(ms / 1000).toFixed(2)} s`; }

export function percent(rate) { return rate === null || rate === undefined ? "–" : `${(100 * rate).toFixed(1)} %`; }

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

// Live transcript: one to four lanes, words as they come, numbers that tick, the sound in time with them; and the same for a
// projector. House rules: state comes from feed.js, drawing happens once a frame of the screen, text through textContent
// alone, keys are ours in present mode only.

import { apply, bestMoment, follow, initial, isOver, laneAt } from "./feed.js";
import { drawLane, laneCard, setText } from "./lanes.js";
import { Sound } from "./sound.js";
import { element } from "./words.js";

const views = new WeakMap();
const STRIPS_MS = 100;
const CAVEAT = "One recording shows what happens; a sweep shows how often.";

class View {
  constructor(root) {
    this.root = root;
    this.box = element("div", "live");
    this.box.dataset.testid = "live";
    this.status = element("p", "status", "Connecting …");
    this.status.setAttribute("role", "status");
    this.lanes = element("div", "lanes");
    this.closing = element("div", "closing");
    this.sentence = element("p", "sentence");
    this.sentence.setAttribute("role", "status");
    this.aside = element("p", "aside");
    this.closing.append(this.sentence, this.aside);
    this.audio = element("audio");
    this.bar = this.makeBar();
    this.legend = legend();
    this.log = element("details", "log");
    this.rows = element("ol");
    this.log.append(element("summary", "", "Event log"), this.rows);
    this.log.addEventListener("toggle", () => this.plan());
    this.box.append(this.status, this.lanes, this.closing, this.bar, this.legend, this.log, this.audio);
    root.append(this.box);
    this.observer = new ResizeObserver(() => this.plan());
    this.observer.observe(this.box);
    this.onKey = (event) => this.key(event);
    window.addEventListener("keydown", this.onKey, true);
    Object.assign(this, { cards: [], pending: [], planned: 0, session: null, heard: 0, skewMs: Infinity, replayMs: null,
      strippedMs: 0, stripping: 0 });
  }

  makeBar() {
    const bar = element("div", "bar");
    const add = (name, text, act) => {
      const button = this[name] = element("button", name, text);
      button.type = "button";
      button.addEventListener("click", act);
      bar.append(button);
    };
    add("mute", "♪ Mute (M)", () => this.sound.toggle());
    add("again", "Replay the best moment (R)", () => this.replay());
    add("following", "Next clip (→)", () => this.act("next"));
    add("screen", "Present", () => this.act(this.data.present ? "leave" : "present"));
    return bar;
  }

  show(data, setTriggerValue) {
    Object.assign(this, { data, setTriggerValue });
    this.box.classList.toggle("present", Boolean(data.present));
    const { session, url, told } = data;
    if (session !== this.session) {
      this.leave();
      this.sound = new Sound(this.audio, () => this.plan());
      Object.assign(this, { session, state: initial(), cards: [], link: "", heard: 0, replayMs: null, skewMs: Infinity });
      this.lanes.replaceChildren();
      if (data.sounds && !data.microphone) this.sound.load(data.sounds[0]);
      if (url) this.leaving = follow(url, (messages) => this.take(messages), (link) => { this.link = link; this.plan(); });
    }
    if (told) this.take(JSON.parse(told));
    this.plan();
  }

  take(messages) {
    if (messages.length && messages[0].n === 0 && this.state.next > messages.length) this.state = initial();
    for (const message of messages) apply(this.state, message);
    for (const m of messages) {
      this.skewMs = Math.min(this.skewMs, Date.now() - m.sent_ms);
      // What was told before this viewer came is not late.
      if (messages[0].n > 0 && (m.kind === "partial" || m.kind === "final")) this.pending.push(m);
    }
    const { state } = this;
    // Clocks of one machine agree; those of two are set by the quickest message.
    const skew = this.skewMs >= -50 && this.skewMs < 2000 ? 0 : this.skewMs;
    if (state.microphone) { if (state.audio && this.data.sounds) this.sound.load(this.data.sounds[0]); }
    else if (state.zeroMs !== null) this.sound.follow(state.zeroMs + skew);
    this.plan();
  }

  plan() {
    if (!this.planned) this.planned = requestAnimationFrame(() => { this.planned = 0; this.draw(); });
  }

  draw() {
    const { state, data } = this;
    if (!state) return;
    while (this.cards.length < state.lanes.length) {
      const card = laneCard(state.lanes[this.cards.length], this.cards.length, (place) => this.listen(place));
      this.cards.push(card);
      this.lanes.append(card.card);
    }
    Object.assign(this.box.dataset, { state: state.state, lanes: state.lanes.length, zero: this.sound.zeroMs ?? "" });
    setText(this.status, this.statusText());
    const nothing = state.leftOut.length ? "No lane was timed on this machine, so nothing is concluded." : "";
    setText(this.sentence, state.sentence || (isOver(state) ? nothing : this.hint()));
    setText(this.aside, [...state.leftOut, state.sentence && state.lanes.length > 1 ? CAVEAT : ""].filter(Boolean).join(" "));
    this.sentence.classList.toggle("hint", !state.sentence);
    this.legend.hidden = !state.lanes.some((lane) => lane.steps);
    this.drawBar();
    // One time axis for all lanes, so that they can be compared by eye.
    const lastMs = Math.max(0, ...state.lanes.flatMap((lane) => [lane.lengthMs + 800, ...lane.ticks.slice(-1).map((t) => t.at + 200)]));
    const strips = this.stripsAreDue();
    state.lanes.forEach((lane, place) => {
      const at = this.replayMs === null ? null : laneAt(lane, this.replayMs);
      drawLane(lane, this.cards[place], state, { at, present: data.present, lastMs: strips ? lastMs : null });
    });
    const [red, green, blue] = (getComputedStyle(this.box).backgroundColor.match(/[\d.]+/g) || [255, 255, 255]).map(Number);
    this.box.classList.toggle("dark", 0.3 * red + 0.6 * green + 0.1 * blue < 128);
    if (this.log.open) this.rows.replaceChildren(...state.log.slice(-60).reverse().map((row) => logRow(row, state)));
    if (this.pending.length) window.setTimeout(timed, 0, this.pending);
    this.pending = [];
  }

  // Words are drawn at once, pictures of them ten times a second: they would keep the words waiting.
  stripsAreDue() {
    const wait = STRIPS_MS - (performance.now() - this.strippedMs);
    if (wait <= 0 || isOver(this.state)) { this.strippedMs = performance.now(); return true; }
    window.clearTimeout(this.stripping);
    this.stripping = window.setTimeout(() => this.plan(), wait);
    return false;
  }

  drawBar() {
    const { state, data, sound } = this;
    const heard = state.lanes[this.heard];
    const silent = !data.sounds || (state.microphone && !state.audio);
    this.mute.disabled = silent;
    let text = sound.audio.muted ? "♪ Muted (M)" : "♪ Mute (M)";
    if (sound.blocked) text = "♪ Press any key for sound";
    setText(this.mute, text);
    this.mute.setAttribute("aria-pressed", String(sound.audio.muted));
    this.again.disabled = !isOver(state) || !bestMoment(state.lanes) || this.replayMs !== null;
    this.following.hidden = !data.next;
    this.screen.hidden = data.present === undefined;
    setText(this.screen, data.present ? "Leave (Esc)" : "Present");
    this.box.dataset.replaying = this.replayMs !== null;
    this.cards.forEach((card, place) => {
      card.listen.hidden = silent || state.microphone;
      card.listen.setAttribute("aria-pressed", String(state.lanes[place] === heard));
    });
  }

  hint() {
    const { state } = this;
    if (state.microphone) return "Speak; words turn from grey to black when they are final.";
    return state.lanes.length > 1 ? `Same sound, ${state.lanes.length} ways. Grey words may still change; black ones are final.`
      : "Grey words may still change; black ones are final.";
  }

  listen(place) {
    if (place >= this.state.lanes.length || !this.data.sounds || this.state.microphone) return;
    this.heard = place;
    this.sound.load(this.data.sounds[place]);
    this.plan();
  }

  replay() {
    const moment = bestMoment(this.state.lanes);
    if (!moment || !isOver(this.state)) return;
    this.sound.replay(moment.from, moment.to, (ms) => { this.replayMs = ms; this.plan(); });
  }

  act(what) { this.setTriggerValue("act", what); }

  key(event) {
    if (!this.data?.present || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const acts = { Escape: () => this.act("leave"), ArrowRight: () => this.data.next && this.act("next"),
      r: () => this.replay(), m: () => this.sound.toggle() };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = acts[key] || (/^[1-4]$/.test(key) ? () => this.listen(Number(key) - 1) : null);
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // Streamlit has keys, too: R would run the page again
    act();
  }

  statusText() {
    const { state } = this;
    const words = { waiting: "Preparing …", playing: "● Playing", ended: "Ended", stopped: "Stopped", failed: "Failed" };
    const parts = [this.replayMs === null ? words[state.state] : "Replay", state.title, whoAnswers(state)].filter(Boolean);
    if (state.problem && state.state === "failed") parts.push(state.problem);
    if (state.runId) parts.push(`saved as ${state.runId}`);
    if (this.link === "lost" && !isOver(state)) parts.push("connection lost, trying again");
    return parts.join(" · ");
  }

  leave() {
    if (this.leaving) this.leaving();
    this.leaving = null;
    if (this.sound) this.sound.close();
  }

  close() {
    window.clearTimeout(this.stripping);
    this.leave();
    window.removeEventListener("keydown", this.onKey, true);
    this.observer.disconnect();
    this.box.remove();
  }
}

// Who answers: once where all lanes have the same, else for each lane.
export function whoAnswers(state) {
  const who = (lane) => (lane.simulated ? `simulated (${lane.recogniser})` : lane.endpoint);
  const known = state.lanes.filter((lane) => lane.endpoint);
  if (!known.length) return state.simulated ? "simulated service on this machine" : state.endpoint;
  const all = [...new Set(known.map(who))];
  if (all.length > 1) return known.map((lane) => `${lane.name}: ${who(lane)}`).join(", ");
  return known[0].simulated ? `simulated service on this machine (${known[0].recogniser})` : all[0];
}

// For measurements: behind the frame, what was published is on screen. Old marks make room.
function timed(messages) {
  if (messages[0].n % 1000 > 960) performance.clearMarks("live-shown");
  const now = performance.timeOrigin + performance.now();
  for (const m of messages) performance.mark("live-shown", { detail: { n: m.n, kind: m.kind, lateMs: now - m.sent_ms } });
}

function legend() {
  const made = element("p", "legend");
  const add = (node, text) => made.append(node, document.createTextNode(text));
  const changed = element("span", "substitution");
  changed.append(element("span", "said", "said →"), document.createTextNode(" "), element("span", "heard", "heard"));
  add(changed, " another word  ");
  add(element("del", "deletion", "said"), " missed  ");
  const added = element("ins", "insertion");
  added.append(element("span", "sign", "+"), element("span", "", "heard"));
  add(added, " added  ");
  add(element("em", "partial", "partial"), " may still change  ");
  const corrected = element("em", "partial");
  corrected.append(element("span", "corrected", "corrected"));
  add(corrected, " just now");
  return made;
}

function logRow(row, state) {
  const item = element("li");
  const lane = row.lane === undefined ? "" : state.lanes[row.lane].name;
  item.append(element("span", "at", row.at), element("span", "kind", row.kind), element("span", "who", lane),
    element("span", "what", row.text));
  return item;
}

export default function live({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  view.show(data, setTriggerValue);
  return () => {
    view.close();
    views.delete(parentElement);
  };
}

// Live transcript: one or two lanes, words as they come, numbers that tick, a strip of audio, partials and finals.
// House rules: state comes from feed.js, drawing happens once a frame of the screen, text through textContent alone.

import { apply, follow, initial, isOver, percent, seconds } from "./feed.js";
import { GUTTER, colours, drawGrid, drawName, drawPlayhead, drawTicks, drawWave, prepare, scale, visibleRange } from "./timeline.js";
import { element, fillTranscript } from "./words.js";

const HEIGHT = 118;
const views = new WeakMap();

function laneCard(lane) {
  const card = element("section", "lane");
  const head = element("div", "head");
  const badge = element("span", "badge", "");
  head.append(element("h3", "", lane.name), badge);
  const numbers = element("dl", "numbers");
  const fields = {};
  for (const [key, label] of [["first", "First word"], ["lag", "Final lag"], ["wer", "WER"]]) {
    const box = element("div");
    fields[key] = element("dd", "", "–");
    box.append(element("dt", "", label), fields[key]);
    numbers.append(box);
  }
  const transcript = element("p", "transcript");
  const canvas = element("canvas");
  const strip = element("div", "strip");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${lane.name}: audio, partials and finals in time`);
  strip.append(canvas);
  card.append(head, numbers, transcript, strip);
  return { card, badge, fields, transcript, canvas, shown: "" };
}

function badgeText(lane) {
  if (lane.failed) return `failed: ${lane.error || lane.outcome}`;
  if (!lane.done) return lane.heardMs ? `pacing: latest ${lane.lateMs.toFixed(1)} ms` : "waiting";
  const { pacing_valid: valid, pacing_reason: reason, lateness_p99_ms: p99 } = lane.numbers;
  if (valid === null || valid === undefined) return "no measurement";
  return valid ? `✓ pacing valid, p99 ${p99.toFixed(1)} ms` : `⚠ invalid measurement: ${reason}`;
}

class View {
  constructor(root) {
    this.root = root;
    this.box = element("div", "live");
    this.box.dataset.testid = "live";
    this.status = element("p", "status", "Connecting …");
    this.status.setAttribute("role", "status");
    this.lanes = element("div", "lanes");
    this.sentence = element("p", "sentence");
    this.sentence.setAttribute("role", "status");
    this.legend = legend();
    this.log = element("details", "log");
    this.rows = element("ol");
    this.log.append(element("summary", "", "Event log"), this.rows);
    this.log.addEventListener("toggle", () => this.plan());
    this.box.append(this.status, this.lanes, this.sentence, this.legend, this.log);
    root.append(this.box);
    this.observer = new ResizeObserver(() => this.plan());
    this.observer.observe(this.box);
    this.cards = [];
    this.pending = [];
    this.planned = 0;
    this.session = null;
  }

  show(session, url, told) {
    if (session !== this.session) {
      this.leave();
      this.session = session;
      this.state = initial();
      this.cards = [];
      this.lanes.replaceChildren();
      this.link = "";
      if (url) this.leaving = follow(url, (messages) => this.take(messages), (link) => { this.link = link; this.plan(); });
    }
    if (told) this.take(JSON.parse(told));
    this.plan();
  }

  take(messages) {
    if (messages.length && messages[0].n === 0 && this.state.next > messages.length) this.state = initial();
    for (const message of messages) apply(this.state, message);
    for (const m of messages) if (m.kind === "partial" || m.kind === "final") this.pending.push(m);
    this.plan();
  }

  plan() {
    if (!this.planned) this.planned = requestAnimationFrame(() => { this.planned = 0; this.draw(); });
  }

  draw() {
    const { state } = this;
    if (!state) return;
    while (this.cards.length < state.lanes.length) {
      const card = laneCard(state.lanes[this.cards.length]);
      this.cards.push(card);
      this.lanes.append(card.card);
    }
    this.box.dataset.state = state.state;
    setText(this.status, this.statusText());
    setText(this.sentence, state.sentence || "");
    this.legend.hidden = !state.lanes.some((lane) => lane.steps);
    // One time axis for all lanes, so that they can be compared by eye.
    const lastMs = Math.max(0, ...state.lanes.flatMap((lane) => [lane.lengthMs + 800, ...lane.ticks.slice(-1).map((t) => t.at + 200)]));
    state.lanes.forEach((lane, place) => drawLane(lane, this.cards[place], isOver(state), lastMs));
    const [red, green, blue] = (getComputedStyle(this.box).backgroundColor.match(/[\d.]+/g) || [255, 255, 255]).map(Number);
    this.box.classList.toggle("dark", 0.3 * red + 0.6 * green + 0.1 * blue < 128);
    if (this.log.open) this.rows.replaceChildren(...state.log.slice(-60).reverse().map((row) => logRow(row, state)));
    if (this.pending.length) window.setTimeout(timed, 0, this.pending);
    this.pending = [];
  }

  statusText() {
    const { state } = this;
    const words = { waiting: "Preparing …", playing: "● Playing", ended: "Ended", stopped: "Stopped", failed: "Failed" };
    const who = state.simulated ? "simulated service on this machine" : state.endpoint;
    const parts = [words[state.state], state.title, who].filter(Boolean);
    if (state.problem && state.state === "failed") parts.push(state.problem);
    if (state.runId) parts.push(`saved as ${state.runId}`);
    if (this.link === "lost" && !isOver(state)) parts.push("connection lost, trying again");
    return parts.join(" · ");
  }

  leave() {
    if (this.leaving) this.leaving();
    this.leaving = null;
  }

  close() {
    this.leave();
    this.observer.disconnect();
    this.box.remove();
  }
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
  add(element("em", "partial", "partial"), " may still change");
  return made;
}

function logRow(row, state) {
  const item = element("li");
  const lane = row.lane === undefined ? "" : state.lanes[row.lane].name;
  item.append(element("span", "at", row.at), element("span", "kind", row.kind), element("span", "who", lane),
    element("span", "what", row.text));
  return item;
}

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function drawLane(lane, view, over, lastMs) {
  setText(view.fields.first, seconds(lane.numbers.first_word_ms));
  setText(view.fields.lag, seconds(lane.numbers.final_lag_ms));
  setText(view.fields.wer, percent(lane.numbers.wer));
  setText(view.badge, badgeText(lane));
  view.badge.classList.toggle("bad", lane.failed || (lane.done && lane.numbers.pacing_valid === false));
  const shown = JSON.stringify([lane.steps, lane.finals, lane.partial]);
  if (shown !== view.shown) {
    fillTranscript(view.transcript, lane.steps, lane.finals, lane.partial);
    view.shown = shown;
  }
  if (!lane.steps && !lane.finals.length && !lane.partial) setText(view.transcript, over ? "Nothing was heard." : "…");
  drawStrip(lane, view.canvas, lastMs);
}

function drawStrip(lane, canvas, lastMs) {
  const { context, width } = prepare(canvas, HEIGHT);
  const paint = colours(canvas);
  const [from, to] = visibleRange(lastMs, lane.heardMs);
  const axis = scale(from, to, GUTTER, width - GUTTER - 4);
  drawGrid(context, axis, from, to, HEIGHT, paint);
  drawName(context, "audio", 22, paint);
  drawName(context, "partials", 60, paint);
  drawName(context, "finals", 88, paint);
  context.save();
  context.beginPath();
  context.rect(GUTTER - 4, 0, width - GUTTER + 4, HEIGHT - 14);
  context.clip();
  drawWave(context, axis, lane.peaks, lane.lengthMs, lane.heardMs, 2, 40, paint);
  drawTicks(context, axis, lane.ticks, false, 50, 20, paint);
  drawTicks(context, axis, lane.ticks, true, 79, 20, paint);
  if (!lane.done && lane.heardMs) drawPlayhead(context, axis.x(lane.heardMs), HEIGHT, paint);
  context.restore();
}

export default function live({ data, parentElement }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  view.show(data.session, data.url, data.told);
  return () => {
    view.close();
    views.delete(parentElement);
  };
}

// Utterance inspector: one or two sessions on one time axis, heard word by word. House rules: every word is a button;
// keys work wherever the focus is inside; drawing once a frame of the screen; what is seen is told once it rests.

import { Playback, errorsOf, nextError, screenAt } from "./playback.js";
import { GUTTER, clipped, colours, drawGrid, drawName, drawPlayhead, drawTicks, drawWave, moved, prepare, scale, zoomed } from "./timeline.js";
import { countErrors, countReference, element, percent, stepElement } from "./words.js";
import { END, NO_TIMES, START, TEXT, describe, wordTable } from "./wordtimes.js";

const HEIGHT = 168;
const AFTER_MS = 250;
const REST_MS = 400;
const views = new WeakMap();
const KEYS = "Keys: space plays and pauses, ← → move by 0.1 s (with shift by 1 s), [ ] go to the error before and after, + − 0 zoom. Click a word to hear it.";

class View {
  constructor(root, tell) {
    this.tell = tell;
    this.box = element("div", "inspector");
    this.box.tabIndex = 0;
    this.box.dataset.testid = "inspector";
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", "Utterance inspector");
    this.bar = element("div", "bar");
    this.playButton = button("▶ Play", () => this.toggle());
    this.before = button("[ Previous error", () => this.jump(false));
    this.after = button("] Next error", () => this.jump(true));
    this.position = element("output", "position");
    this.position.setAttribute("aria-label", "position");
    this.closer = button("+ Zoom in", () => this.zoom(0.5));
    this.wider = button("− Zoom out", () => this.zoom(2));
    this.whole = button("0 Whole", () => this.zoom(Infinity));
    this.bar.append(this.playButton, this.before, this.after, this.closer, this.wider, this.whole, this.position);
    this.choice = element("div", "choice");
    this.body = element("div", "sessions");
    this.keys = element("p", "keys", KEYS);
    this.box.append(this.bar, this.choice, this.body, this.keys);
    root.append(this.box);
    this.playback = new Playback(() => this.moved());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.observer = new ResizeObserver(() => this.plan());
    this.observer.observe(this.box);
    this.planned = 0;
  }

  // `at` and `zoom` say where a link begins; they change nothing that is open already.
  show({ at, zoom, ...data }) {
    const told = JSON.stringify(data);
    if (told !== this.told) {
      this.told = told;
      this.place = data.place;
      this.sessions = data.sessions;
      this.hearing = this.sessions.findIndex((session) => session.audio);
      const ends = this.sessions.flatMap((s) => [s.lengthMs, ...s.texts.slice(-1).map((text) => text[0])]);
      this.end = Math.max(1000, ...ends) + 200;
      this.range = [0, this.end];
      this.build();
      this.playback.seek(Number.isFinite(at) ? at : 0);
      if (zoom) this.range = moved(zoomed(zoom, 1, zoom[0], this.end), this.playback.ms, this.end);
      this.rested = this.seen();
    }
    this.plan();
  }

  build() {
    this.body.replaceChildren();
    this.body.classList.toggle("two", this.sessions.length > 1);
    this.parts = this.sessions.map((session, index) => this.part(session, index));
    this.choice.replaceChildren();
    this.choice.hidden = this.sessions.filter((session) => session.audio).length < 2;
    this.keys.textContent = this.choice.hidden ? KEYS : `${KEYS} Key h changes which session is heard.`;
    this.sessions.forEach((session, index) => {
      const chosen = button(`Hear ${session.name}`, () => this.hear(index));
      chosen.disabled = !session.audio;
      this.choice.append(chosen);
    });
    this.hear(Math.max(0, this.hearing));
    const silent = this.sessions.every((session) => !session.audio);
    this.playButton.disabled = silent;
    this.playButton.title = silent ? "The sound of this recording is not here" : "";
    const placed = this.parts.some((part) => part.errors.length);
    const timed = this.sessions.some((session) => session.words.length);
    for (const step of [this.before, this.after]) {
      step.disabled = !placed;
      step.title = placed ? "" : timed ? "No word is wrong" : NO_TIMES;
    }
  }

  part(session, index) {
    const card = element("section", "session");
    const errors = countErrors(session.steps);
    const words = countReference(session.steps);
    const rate = words ? percent(errors / words) : "–";
    const wrong = `${errors} error${errors === 1 ? "" : "s"} in ${words} words`;
    const count = element("p", "count", session.steps.length ? `WER ${rate} (${session.normaliser}): ${wrong}` : "no reference");
    const canvas = element("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${session.name}: waveform, words, partials and finals in time`);
    const part = { session, canvas, screen: element("p", "screen"), errors: errorsOf(session.steps, session.words) };
    canvas.addEventListener("click", (event) => {
      this.playback.seek(part.axis.ms(event.offsetX));
      this.box.focus({ preventScroll: true });
    });
    const diff = element("p", "diff");
    const about = element("output", "about", session.words.length ? "Point at a word for its times." : NO_TIMES);
    session.steps.forEach((step, place) => {
      if (place) diff.append(document.createTextNode(" "));
      diff.append(this.word(session, step, index, about));
    });
    const frame = element("div", "strip");
    frame.append(canvas);
    const table = wordTable(session.words, session.name, (word) => this.say(word, index));
    card.append(element("h2", "", session.name), count, frame, part.screen, diff, about, table, this.history(session));
    this.body.append(card);
    return part;
  }

  history(session) {
    const history = element("details", "history");
    const list = element("ol");
    history.append(element("summary", "", `History of partials (${session.texts.length})`), list);
    for (const [at, text, final] of session.texts) {
      const row = element("li");
      const go = button(`${(at / 1000).toFixed(2)} s`, () => this.playback.seek(at));
      row.append(go, element("span", "kind", final ? "final" : "partial"), element(final ? "strong" : "em", "", text));
      list.append(row);
    }
    return history;
  }

  word(session, step, index, about) {
    const made = stepElement(step);
    const word = step[3] === null || step[3] === undefined ? null : session.words[step[3]];
    if (!word) return made;
    const go = button("", () => this.say(word, index));
    go.className = "go";
    go.dataset.kind = step[0];
    go.dataset.start = word[START];
    go.append(made);
    for (const kind of ["pointerenter", "focus"]) go.addEventListener(kind, () => { about.textContent = describe(word); });
    return go;
  }

  say(word, index) {
    if (this.sessions[index].audio) this.hear(index);
    this.playback.pause();
    this.playback.seek(word[START]);
    this.playback.play(word[END] + AFTER_MS);
  }

  hear(index) {
    this.hearing = index;
    const lengthMs = Math.max(...this.sessions.map((session) => session.lengthMs));
    this.playback.load(this.sessions[index].audio, lengthMs);
    [...this.choice.children].forEach((chosen, place) => chosen.setAttribute("aria-pressed", String(place === index)));
    this.plan();
  }

  toggle() {
    if (this.playback.playing) this.playback.pause();
    else this.playback.play();
  }

  jump(forward) {
    const errors = this.parts.flatMap((part) => part.errors).sort((a, b) => a.at - b.at);
    const found = nextError(errors, this.playback.ms, forward);
    if (found) { this.playback.pause(); this.playback.seek(found.at); }
  }

  zoom(factor) {
    this.range = zoomed(this.range, factor, this.playback.ms, this.end);
    this.moved();
  }

  moved() {
    if (!this.parts) return;
    this.range = moved(this.range, this.playback.ms, this.end);
    window.clearTimeout(this.resting);
    if (!this.playback.playing && this.tell) this.resting = window.setTimeout(() => this.rest(), REST_MS);
    this.plan();
  }

  // What an address needs: where one stands, and what is seen of the whole.
  seen() {
    const all = this.range[0] <= 0 && this.range[1] >= this.end;
    return { place: this.place ?? null, at: Math.round(this.playback.ms), zoom: all ? null : this.range.map(Math.round) };
  }

  rest() {
    const seen = this.seen();
    if (JSON.stringify(seen) === JSON.stringify(this.rested)) return;
    this.rested = seen;
    this.tell(seen);
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const onButton = event.composedPath()[0].tagName === "BUTTON" || event.composedPath()[0].tagName === "SUMMARY";
    const step = event.shiftKey ? 1000 : 100;
    const actions = { ArrowLeft: () => this.playback.seek(this.playback.ms - step),
      ArrowRight: () => this.playback.seek(this.playback.ms + step), "[": () => this.jump(false),
      "]": () => this.jump(true), "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2),
      0: () => this.zoom(Infinity), h: () => this.hear((this.hearing + 1) % this.sessions.length) };
    if (event.key === " " && !onButton) actions[" "] = () => this.toggle();
    if (!actions[event.key]) return;
    actions[event.key]();
    event.preventDefault();
    event.stopPropagation();
  }

  plan() {
    if (!this.planned) this.planned = requestAnimationFrame(() => { this.planned = 0; this.draw(); });
  }

  draw() {
    if (!this.parts) return;
    const { ms } = this.playback;
    this.box.dataset.ms = ms.toFixed(1);
    this.box.dataset.playing = String(this.playback.playing);
    this.box.dataset.range = this.range.map(Math.round).join("-");
    this.playButton.textContent = this.playback.playing ? "❚❚ Pause" : "▶ Play";
    this.position.textContent = `${(ms / 1000).toFixed(2)} s`;
    this.wider.disabled = this.whole.disabled = this.range[0] <= 0 && this.range[1] >= this.end;
    const ground = getComputedStyle(this.box).backgroundColor.match(/[\d.]+/g) || [255, 255, 255];
    this.box.classList.toggle("dark", 0.3 * ground[0] + 0.6 * ground[1] + 0.1 * ground[2] < 128);
    for (const part of this.parts) this.drawPart(part, ms);
  }

  drawPart(part, ms) {
    const { session, canvas, screen } = part;
    const { context, width } = prepare(canvas, HEIGHT);
    const paint = colours(canvas);
    const [from, to] = this.range;
    const axis = part.axis = scale(from, to, GUTTER, width - GUTTER - 4);
    ["audio", "words", "partials", "finals"].forEach((name, place) => drawName(context, name, [26, 72, 108, 138][place], paint));
    drawGrid(context, axis, from, to, HEIGHT, paint);
    clipped(context, axis.x(from), axis.x(to), HEIGHT, () => {
      drawWave(context, axis, session.peaks, session.lengthMs, session.lengthMs, 4, 44, paint);
      drawWords(context, axis, session, ms, paint);
      const ticks = session.texts.map(([at, , final]) => ({ at, final }));
      drawTicks(context, axis, ticks, false, 98, 20, paint);
      drawTicks(context, axis, ticks, true, 129, 20, paint);
      drawPlayhead(context, axis.x(ms), HEIGHT, paint);
    });
    const shown = screenAt(session.texts, ms);
    screen.replaceChildren(element("span", "when", "on screen: "), element("span", "", shown.finals),
      document.createTextNode(" "), element("em", "partial", shown.partial || (shown.finals ? "" : "nothing yet")));
  }

  close() {
    window.clearTimeout(this.resting);
    this.playback.close();
    this.observer.disconnect();
    this.box.remove();
  }
}

// A box a word; wrong ones are outlined twice and filled, so that colour is not the only sign.
function drawWords(context, axis, session, ms, paint) {
  const wrong = new Set(session.steps.filter((step) => step[0] !== "equal" && step[3] !== null).map((step) => step[3]));
  context.textAlign = "left";
  session.words.forEach((word, place) => {
    const x = axis.x(word[START]);
    const wide = Math.max(1, axis.x(word[END]) - x - 1);
    const bad = wrong.has(place);
    const now = ms >= word[START] && ms < word[END];
    context.strokeStyle = bad ? paint.wrong : paint.border;
    context.fillStyle = now ? paint.border : paint.ground;
    context.lineWidth = bad ? 2 : 1;
    context.fillRect(x, 62, wide, 20);
    context.strokeRect(x + 0.5, 62.5, wide, 20);
    context.save();
    context.beginPath();
    context.rect(x + 2, 60, Math.max(0, wide - 3), 24);
    context.clip();
    context.fillStyle = paint.text;
    context.fillText(word[TEXT], x + 4, 73);
    context.restore();
  });
  context.lineWidth = 1;
}

function button(text, onClick) {
  const made = element("button", "", text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

export default function inspector({ data, parentElement, setStateValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement, setStateValue && ((seen) => setStateValue("view", seen)));
    views.set(parentElement, view);
  }
  view.show(data);
  return () => {
    view.close();
    views.delete(parentElement);
  };
}

// Utterance inspector: one or two sessions on one time axis, heard word by word. House rules: every word is a button;
// keys work wherever the focus is inside; drawing once a frame of the screen.

import { percent } from "./feed.js";
import { Playback, errorsOf, nextError, screenAt } from "./playback.js";
import { GUTTER, colours, drawGrid, drawName, drawPlayhead, drawTicks, drawWave, prepare, scale } from "./timeline.js";
import { countErrors, countReference, element, stepElement } from "./words.js";

const HEIGHT = 168;
const AFTER_MS = 250;
const views = new WeakMap();

class View {
  constructor(root) {
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
    this.bar.append(this.playButton, this.before, this.after, this.position);
    this.choice = element("div", "choice");
    this.body = element("div");
    this.keys = element("p", "keys", "Keys: space plays and pauses, ← → move by 0.1 s (with shift by 1 s), [ ] go to the error before and after, h changes which session is heard. Click a word to hear it.");
    this.box.append(this.bar, this.choice, this.body, this.keys);
    root.append(this.box);
    this.playback = new Playback(() => this.plan());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.observer = new ResizeObserver(() => this.plan());
    this.observer.observe(this.box);
    this.planned = 0;
  }

  show(data) {
    const told = JSON.stringify(data);
    if (told !== this.told) {
      this.told = told;
      this.sessions = data.sessions;
      this.hearing = this.sessions.findIndex((session) => session.audio);
      this.build();
      if (Number.isFinite(data.at)) this.playback.seek(data.at);
    }
    this.plan();
  }

  build() {
    this.body.replaceChildren();
    this.parts = this.sessions.map((session, index) => this.part(session, index));
    this.choice.replaceChildren();
    this.choice.hidden = this.sessions.length < 2;
    this.sessions.forEach((session, index) => {
      const chosen = button(`Hear ${session.name}`, () => this.hear(index));
      chosen.disabled = !session.audio;
      this.choice.append(chosen);
    });
    this.hear(Math.max(0, this.hearing));
    const silent = this.sessions.every((session) => !session.audio);
    this.playButton.disabled = silent;
    this.playButton.title = silent ? "The audio of this run is not here any more" : "";
  }

  part(session, index) {
    const card = element("section", "session");
    const head = element("h3", "", session.name);
    const errors = countErrors(session.steps);
    const words = countReference(session.steps);
    const rate = words ? percent(errors / words) : "–";
    const count = element("p", "count", session.steps.length ? `WER ${rate}: ${errors} errors in ${words} words` : "no reference");
    const canvas = element("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${session.name}: waveform, words, partials and finals in time`);
    canvas.addEventListener("click", (event) => {
      this.playback.seek(this.axis.ms(event.offsetX));
      this.box.focus({ preventScroll: true });
    });
    const diff = element("p", "diff");
    session.steps.forEach((step, place) => {
      if (place) diff.append(document.createTextNode(" "));
      diff.append(this.word(session, step, index));
    });
    const screen = element("p", "screen");
    const history = element("details", "history");
    const list = element("ol");
    history.append(element("summary", "", `History of partials (${session.texts.length})`), list);
    for (const [at, text, final] of session.texts) {
      const row = element("li");
      const go = button(`${(at / 1000).toFixed(2)} s`, () => this.playback.seek(at));
      row.append(go, element("span", "kind", final ? "final" : "partial"), element(final ? "strong" : "em", "", text));
      list.append(row);
    }
    const frame = element("div", "strip");
    frame.append(canvas);
    card.append(head, count, frame, screen, diff, history);
    this.body.append(card);
    return { session, canvas, screen, errors: errorsOf(session.steps, session.words) };
  }

  word(session, step, index) {
    const made = stepElement(step);
    const word = step[3] === null || step[3] === undefined ? null : session.words[step[3]];
    if (!word) return made;
    const go = element("button", "go");
    go.type = "button";
    go.dataset.kind = step[0];
    go.dataset.start = word[1];
    go.append(made);
    go.addEventListener("click", () => {
      if (this.sessions[index].audio) this.hear(index);
      this.playback.pause();
      this.playback.seek(word[1]);
      this.playback.play(word[2] + AFTER_MS);
    });
    return go;
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

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const onButton = event.composedPath()[0].tagName === "BUTTON" || event.composedPath()[0].tagName === "SUMMARY";
    const step = event.shiftKey ? 1000 : 100;
    const actions = { ArrowLeft: () => this.playback.seek(this.playback.ms - step),
      ArrowRight: () => this.playback.seek(this.playback.ms + step), "[": () => this.jump(false),
      "]": () => this.jump(true), h: () => this.hear((this.hearing + 1) % this.sessions.length) };
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
    this.playButton.textContent = this.playback.playing ? "❚❚ Pause" : "▶ Play";
    this.position.textContent = `${(ms / 1000).toFixed(2)} s`;
    const ends = this.sessions.flatMap((s) => [s.lengthMs, ...s.texts.slice(-1).map((text) => text[0])]);
    const to = Math.max(1000, ...ends) + 200;
    const ground = getComputedStyle(this.box).backgroundColor.match(/[\d.]+/g) || [255, 255, 255];
    this.box.classList.toggle("dark", 0.3 * ground[0] + 0.6 * ground[1] + 0.1 * ground[2] < 128);
    for (const part of this.parts) this.drawPart(part, to, ms);
  }

  drawPart({ session, canvas, screen }, to, ms) {
    const { context, width } = prepare(canvas, HEIGHT);
    const paint = colours(canvas);
    const axis = this.axis = scale(0, to, GUTTER, width - GUTTER - 4);
    drawGrid(context, axis, 0, to, HEIGHT, paint);
    ["audio", "words", "partials", "finals"].forEach((name, place) => drawName(context, name, [26, 72, 108, 138][place], paint));
    drawWave(context, axis, session.peaks, session.lengthMs, session.lengthMs, 4, 44, paint);
    drawWords(context, axis, session, ms, paint);
    const ticks = session.texts.map(([at, , final]) => ({ at, final }));
    drawTicks(context, axis, ticks, false, 98, 20, paint);
    drawTicks(context, axis, ticks, true, 129, 20, paint);
    drawPlayhead(context, axis.x(ms), HEIGHT, paint);
    const shown = screenAt(session.texts, ms);
    screen.replaceChildren(element("span", "when", "on screen: "), element("span", "", shown.finals),
      document.createTextNode(" "), element("em", "partial", shown.partial || (shown.finals ? "" : "nothing yet")));
  }

  close() {
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
    const x = axis.x(word[1]);
    const wide = Math.max(1, axis.x(word[2]) - x - 1);
    const bad = wrong.has(place);
    const now = ms >= word[1] && ms < word[2];
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
    context.fillText(word[0], x + 4, 73);
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

export default function inspector({ data, parentElement }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  view.show(data);
  return () => {
    view.close();
    views.delete(parentElement);
  };
}

// One lane on the screen: its name, whether it can be trusted, three numbers, its words, its strip in time. House rules: what
// comes changes no size of anything, so that nothing on the page moves while words arrive.

import { changedWords, percent, seconds } from "./feed.js";
import { GUTTER, colours, drawGrid, drawName, drawPlayhead, drawTicks, drawWave, prepare, scale, visibleRange } from "./timeline.js";
import { element, fillTranscript } from "./words.js";

const HEIGHT = 118, SMALL = 44;
const CHANGED_MS = 1500;

export function laneCard(lane, place, onListen) {
  const card = element("section", "lane");
  const head = element("div", "head");
  const badge = element("span", "badge", "");
  const listen = element("button", "listen", "♪");
  listen.type = "button";
  listen.title = `Listen to ${lane.name} (${place + 1})`;
  listen.setAttribute("aria-label", `Listen to ${lane.name}`);
  listen.addEventListener("click", () => onListen(place));
  const name = element("h2", "", lane.name);
  head.append(name, listen, badge);
  const numbers = element("dl", "numbers");
  const fields = {};
  for (const [key, label] of [["first", "First word"], ["lag", "Lag"], ["wer", "WER"]]) {
    const box = element("div");
    fields[key] = element("dd", "", "–");
    fields[`${key}Name`] = element("dt", "", label);
    box.append(fields[`${key}Name`], fields[key]);
    numbers.append(box);
  }
  const transcript = element("p", "transcript");
  transcript.tabIndex = 0;
  const canvas = element("canvas");
  const strip = element("div", "strip");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${lane.name}: audio, partials and finals in time`);
  strip.append(canvas);
  card.append(head, numbers, transcript, strip);
  return { card, badge, listen, fields, transcript, canvas, shown: "", words: [], changed: new Map() };
}

// What a reader must know before any number of the lane.
export function badgeText(lane) {
  if (lane.refused) return `not played: ${lane.refused}`;
  if (lane.failed) return `failed: ${lane.error || lane.outcome}`;
  if (lane.outcome === "cancelled") return "stopped before its end";
  if (!lane.done) return lane.heardMs ? `sound at most ${lane.lateMs.toFixed(0)} ms late` : "waiting";
  const { pacing_valid: valid, pacing_reason: reason, lateness_p99_ms: p99 } = lane.numbers;
  if (valid === null || valid === undefined) return "◌ not timed: no measurement";
  return valid ? `✓ timed, p99 ${p99.toFixed(1)} ms` : `◌ not timed: ${reason}`;
}

// `at` is what stood there at a time of a replay, `lastMs` the end of the strips, null where they are not due.
export function drawLane(lane, view, state, { at, present, lastMs }) {
  const { numbers } = lane;
  setText(view.fields.first, seconds(numbers.first_word_ms));
  setText(view.fields.lag, seconds(numbers.final_lag_ms));
  view.fields.lag.title = numbers.lag_why || "the last final after the end of its last word";
  setText(view.fields.lagName, numbers.lag_why ? `Lag (${numbers.lag_why})` : "Lag");
  setText(view.fields.wer, percent(numbers.wer));
  const known = numbers.words !== null && numbers.words !== undefined;
  setText(view.fields.werName, known ? `WER (${numbers.normaliser}, ${numbers.errors} of ${numbers.words})` : "WER");
  setText(view.badge, badgeText(lane));
  view.badge.title = view.badge.textContent;
  view.badge.classList.toggle("bad", lane.failed);
  drawWords(view, at || lane, at ? "…" : isQuiet(lane, state));
  if (lastMs !== null) drawStrip(lane, view.canvas, state, lastMs, present);
}

function isQuiet(lane, state) {
  if (lane.refused) return "–";
  return lane.done || ["ended", "stopped", "failed"].includes(state.state) ? "Nothing was heard." : "…";
}

function drawWords(view, { steps, finals, partial }, quiet) {
  const now = performance.now(), words = partial ? partial.split(" ") : [];
  const key = JSON.stringify([steps, finals, partial]);
  if (key !== view.shown) {
    if (view.final === finals.length) for (const i of changedWords(view.words, words)) view.changed.set(i, now + CHANGED_MS);
    else view.changed.clear();
    Object.assign(view, { shown: key, words, final: finals.length });
    fillTranscript(view.transcript, steps, finals, partial, view.changed);
    if (!steps && !finals.length && !partial) setText(view.transcript, quiet);
    view.transcript.scrollTop = view.transcript.scrollHeight;
  } else if (!steps && !finals.length && !partial) setText(view.transcript, quiet);
  for (const [i, until] of view.changed) if (until < now) view.changed.delete(i);
}

export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function drawStrip(lane, canvas, state, lastMs, present) {
  const height = present ? SMALL : HEIGHT;
  if (!canvas.clientWidth) return;
  const { context, width } = prepare(canvas, height);
  const paint = colours(canvas);
  const gutter = present ? 4 : GUTTER;
  const [from, to] = visibleRange(lastMs, lane.heardMs);
  const axis = scale(from, to, gutter, width - gutter - 4);
  const spoken = lane.peaks.length ? lane : { peaks: state.sound.peaks, lengthMs: state.sound.ms };
  if (!present) {
    drawGrid(context, axis, from, to, height, paint);
    drawName(context, "audio", 22, paint);
    drawName(context, "partials", 60, paint);
    drawName(context, "finals", 88, paint);
  }
  context.save();
  context.beginPath();
  context.rect(gutter - 4, 0, width - gutter + 4, height - (present ? 0 : 14));
  context.clip();
  drawWave(context, axis, spoken.peaks, spoken.lengthMs, lane.heardMs, 2, present ? 26 : 40, paint);
  drawTicks(context, axis, lane.ticks, false, present ? 28 : 50, present ? 14 : 20, paint);
  drawTicks(context, axis, lane.ticks, true, present ? 28 : 79, present ? 14 : 20, paint);
  if (!lane.done && lane.heardMs) drawPlayhead(context, axis.x(lane.heardMs), height, { ...paint, wrong: paint.text });
  context.restore();
}

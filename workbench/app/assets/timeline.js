// A time axis on a canvas: waveform, words, partials, finals, playhead. House rules: positions are computed by pure
// functions; colours are those of the page's theme, read when drawn; every lane has its name in text.

export function scale(fromMs, toMs, left, width) {
  const span = Math.max(1, toMs - fromMs);
  return {
    x: (ms) => left + ((ms - fromMs) / span) * width,
    ms: (x) => fromMs + ((x - left) / width) * span,
  };
}

// What is seen: all of a clip, or the newest `windowMs` of something longer.
export function visibleRange(lengthMs, nowMs, windowMs = 20000) {
  const end = Math.max(lengthMs, nowMs, 1000);
  return end <= windowMs ? [0, end] : [Math.max(0, nowMs - windowMs * 0.9), Math.max(windowMs, nowMs + windowMs * 0.1)];
}

const CLOSEST_MS = 500;

// A stretch of `endMs` made longer or shorter by `factor`, keeping a time in its place; never beyond the whole.
export function zoomed([from, to], factor, aroundMs, endMs) {
  const span = Math.min(endMs, Math.max(CLOSEST_MS, (to - from) * factor));
  if (span >= endMs) return [0, endMs];
  const inside = aroundMs >= from && aroundMs <= to;
  const share = inside && to > from ? (aroundMs - from) / (to - from) : 0.5;
  const start = (inside ? aroundMs : (from + to) / 2) - share * span;
  const begin = Math.max(0, Math.min(endMs - span, start));
  return [begin, begin + span];
}

// The same stretch, turned like a page until a time is in it.
export function moved([from, to], ms, endMs) {
  if (ms >= from && ms <= to) return [from, to];
  const span = to - from;
  const begin = Math.max(0, Math.min(endMs - span, ms - 0.1 * span));
  return [begin, begin + span];
}

// Draws with nothing outside of [left, right] marked, so that a stretch does not run into the names of the lanes.
export function clipped(context, left, right, height, draw) {
  context.save();
  context.beginPath();
  context.rect(left - 2, 0, right - left + 4, height);
  context.clip();
  draw();
  context.restore();
}

// Even, readable steps of the axis: at most `most` marks.
export function gridStep(spanMs, most = 8) {
  for (const step of [100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000]) if (spanMs / step <= most) return step;
  return 120000;
}

// The nearest word at or before a time, -1 for none.
export function wordAt(words, ms) {
  let found = -1;
  words.forEach((word, place) => { if (word[1] <= ms) found = place; });
  return found;
}

export function colours(host) {
  const style = getComputedStyle(host);
  const pick = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  return {
    text: pick("--st-text-color", "#1b2430"),
    border: pick("--st-border-color", "#d9dfe5"),
    accent: pick("--st-primary-color", "#0b6e99"),
    ground: pick("--st-secondary-background-color", "#f4f6f8"),
    wrong: pick("--wrong", "#b34700"),
  };
}

// A context whose unit is a CSS pixel; the canvas is as wide as its box.
export function prepare(canvas, height) {
  const width = Math.max(1, canvas.clientWidth || canvas.parentElement.clientWidth);
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  return { context, width };
}

export const GUTTER = 62;

export function drawName(context, name, y, paint) {
  context.globalAlpha = 0.8;
  context.fillStyle = paint.text;
  context.textAlign = "left";
  context.fillText(name, 0, y);
  context.globalAlpha = 1;
}

export function drawGrid(context, axis, fromMs, toMs, height, paint) {
  const step = gridStep(toMs - fromMs, Math.max(2, Math.floor((axis.x(toMs) - axis.x(fromMs)) / 64)));
  context.textAlign = "center";
  for (let at = Math.ceil(fromMs / step) * step; at <= toMs; at += step) {
    const x = Math.round(axis.x(at)) + 0.5;
    context.strokeStyle = paint.border;
    context.globalAlpha = 0.7;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height - 14);
    context.stroke();
    context.globalAlpha = 0.8;
    context.fillStyle = paint.text;
    context.fillText(`${(at / 1000).toFixed(step < 1000 ? 1 : 0)} s`, Math.min(x, axis.x(toMs) - 12), height - 6);
  }
  context.globalAlpha = 1;
}

// Peaks are min and max in turn over the whole length; what was not heard yet is pale.
export function drawWave(context, axis, peaks, lengthMs, heardMs, top, height, paint) {
  const middle = top + height / 2;
  if (!peaks.length) {
    context.fillStyle = paint.accent;
    context.fillRect(axis.x(0), middle - 1, Math.max(0, axis.x(heardMs) - axis.x(0)), 2);
    return;
  }
  const columns = peaks.length / 2;
  let loudest = 1;
  for (const value of peaks) loudest = Math.max(loudest, Math.abs(value));
  const unit = height / 2 / loudest;
  const wide = Math.max(1, (axis.x(lengthMs) - axis.x(0)) / columns);
  context.fillStyle = paint.accent;
  for (let i = 0; i < columns; i += 1) {
    const at = (lengthMs * i) / columns;
    const high = Math.max(0.5, peaks[2 * i + 1] * unit);
    const low = Math.min(-0.5, peaks[2 * i] * unit);
    context.globalAlpha = at <= heardMs ? 0.9 : 0.25;
    context.fillRect(axis.x(at), middle - high, wide, high - low);
  }
  context.globalAlpha = 1;
}

// Partials are thin and open, finals are thick with a head: told apart without colour.
export function drawTicks(context, axis, ticks, final, top, height, paint) {
  context.fillStyle = final ? paint.text : paint.accent;
  for (const tick of ticks) {
    if (tick.final !== final) continue;
    const x = axis.x(tick.at);
    if (final) {
      context.fillRect(x - 1, top, 2.5, height);
      context.beginPath();
      context.arc(x, top + 3, 3.5, 0, 7);
      context.fill();
    } else context.fillRect(x, top + height * 0.25, 1.2, height * 0.6);
  }
}

export function drawPlayhead(context, x, height, paint) {
  context.fillStyle = paint.wrong;
  context.fillRect(x - 0.75, 0, 1.5, height - 14);
}

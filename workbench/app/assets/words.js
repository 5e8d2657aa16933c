// Words with their errors. House rules: text enters the page through textContent alone; colour is never the only sign:
// a substitution has a solid underline and an arrow, a deletion is struck and dashed, an insertion has a double underline
// and a plus.

export const SIGNS = { substitution: "→", insertion: "+", deletion: "−", equal: "" };

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

// One step [kind, heard, said] as an element.
export function stepElement([kind, heard, said]) {
  if (kind === "equal") return element("span", "word", heard);
  if (kind === "deletion") return element("del", "word deletion", said);
  if (kind === "insertion") {
    const made = element("ins", "word insertion");
    made.append(element("span", "sign", "+"), element("span", "", heard));
    return made;
  }
  const made = element("span", "word substitution");
  made.append(element("span", "said", `${said} →`), document.createTextNode(" "), element("span", "heard", heard));
  return made;
}

// Fills `target` with steps, or with plain texts where there is no reference, and the partial behind them; `changed` has
// the places of its words that have just been corrected.
export function fillTranscript(target, steps, finals, partial, changed = new Map()) {
  const parts = [];
  if (steps) for (const step of steps) parts.push(stepElement(step));
  else if (finals.length) parts.push(element("span", "word", finals.join(" ")));
  if (partial) parts.push(partialElement(partial, changed));
  const nodes = [];
  parts.forEach((part, place) => {
    if (place) nodes.push(document.createTextNode(" "));
    nodes.push(part);
  });
  target.replaceChildren(...nodes);
}

function partialElement(partial, changed) {
  const made = element("em", "partial");
  partial.split(" ").forEach((word, place) => {
    if (place) made.append(document.createTextNode(" "));
    made.append(changed.has(place) ? element("span", "corrected", word) : document.createTextNode(word));
  });
  return made;
}

export function countErrors(steps) { return steps.filter(([kind]) => kind !== "equal").length; }

export function countReference(steps) { return steps.filter(([kind]) => kind !== "insertion").length; }

// Milliseconds for people: "0.63 s", "–" for unknown.
export function seconds(ms) { return ms === null || ms === undefined ? "–" : `${(ms / 1000).toFixed(2)} s`; }

export function percent(rate) { return rate === null || rate === undefined ? "–" : `${(100 * rate).toFixed(1)} %`; }

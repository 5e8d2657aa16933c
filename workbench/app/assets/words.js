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

// Fills `target` with steps, or with plain texts where there is no reference, and the partial behind them.
export function fillTranscript(target, steps, finals, partial) {
  const parts = [];
  if (steps) for (const step of steps) parts.push(stepElement(step));
  else if (finals.length) parts.push(element("span", "word", finals.join(" ")));
  if (partial) parts.push(element("em", "partial", partial));
  const nodes = [];
  parts.forEach((part, place) => {
    if (place) nodes.push(document.createTextNode(" "));
    nodes.push(part);
  });
  target.replaceChildren(...nodes);
}

export function countErrors(steps) { return steps.filter(([kind]) => kind !== "equal").length; }

export function countReference(steps) { return steps.filter(([kind]) => kind !== "insertion").length; }

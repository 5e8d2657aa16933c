// When each word was said, shown, settled and final: a table, and one line for the word under the pointer or the focus.

import { element, seconds } from "./words.js";

// Places in a word as it comes: text, then ms from time zero or null, and its latency in ms.
export const [TEXT, START, END, DUE, SHOWN, SETTLED, FINAL, LATENCY] = [0, 1, 2, 3, 4, 5, 6, 7];

export const NO_TIMES = "No word times: words cannot be heard one by one and have no latency.";

const COLUMNS = [["word", TEXT], ["said at", START], ["first shown", SHOWN], ["settled", SETTLED], ["final", FINAL],
  ["latency", LATENCY]];

// "pain: said at 0.70 s, first shown 1.15 s, settled 1.15 s, final 1.60 s, latency 0.15 s".
export function describe(word) {
  if (word[SHOWN] === null) return `${word[TEXT]}: said at ${seconds(word[START])}, never shown`;
  const times = COLUMNS.slice(2).map(([name, place]) => `${name} ${seconds(word[place])}`);
  return `${word[TEXT]}: said at ${seconds(word[START])}, ${times.join(", ")}`;
}

// Every word with its times, folded; `hear(word)` plays one.
export function wordTable(words, name, hear) {
  const folded = element("details", "times");
  folded.append(element("summary", "", `Times of each word (${words.length})`));
  if (!words.length) {
    folded.append(element("p", "", NO_TIMES));
    return folded;
  }
  const scroll = element("div", "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", `Times of each word, ${name}`);
  const table = element("table");
  const head = element("tr");
  for (const [title] of COLUMNS) {
    const cell = element("th", "", title);
    cell.scope = "col";
    head.append(cell);
  }
  const rows = element("tbody");
  rows.append(...words.map((word) => row(word, hear)));
  const top = element("thead");
  top.append(head);
  table.append(top, rows);
  scroll.append(table);
  folded.append(element("p", "", "Seconds from the beginning of the sound. Latency: first shown minus the moment in which the audio that completes the word was due."), scroll);
  return folded;
}

function row(word, hear) {
  const made = element("tr");
  for (const [, place] of COLUMNS) {
    const cell = element("td", "", place === TEXT ? null : seconds(word[place]));
    if (place === TEXT) {
      const go = element("button", "play", `▶ ${word[TEXT]}`);
      go.type = "button";
      go.addEventListener("click", () => hear(word));
      cell.append(go);
    }
    made.append(cell);
  }
  return made;
}

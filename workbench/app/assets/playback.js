// Where the listener stands, and the sound of it. House rules: one position for all sessions, in ms from time zero; the
// audio element follows it and never leads, so that the position is exact even where there is no sound.

// The place of the error before or after a time; null where there is none. Errors are [at, …] in order.
export function nextError(errors, ms, forward) {
  const found = forward ? errors.filter((e) => e.at > ms + 1) : errors.filter((e) => e.at < ms - 1).reverse();
  return found.length ? found[0] : null;
}

// Steps that are errors and have a word with times: where to stand to hear them.
export function errorsOf(steps, words) {
  return steps.map((step, place) => ({ step, place, word: step[3] === null ? null : words[step[3]] }))
    .filter(({ step, word }) => step[0] !== "equal" && word)
    .map(({ place, word }) => ({ place, at: word[1], until: word[2] }))
    .sort((a, b) => a.at - b.at);
}

// What stood on screen at a time: finals joined, the newest partial behind them.
export function screenAt(texts, ms) {
  const finals = [];
  let partial = "";
  for (const [at, text, final] of texts) {
    if (at > ms) break;
    if (final) { finals.push(text); partial = ""; } else partial = text;
  }
  return { finals: finals.join(" "), partial };
}

export class Playback {
  constructor(onMove) {
    this.audio = new Audio();
    this.audio.preload = "auto";
    this.onMove = onMove;
    this.ms = 0;
    this.lengthMs = 0;
    this.until = null;
    this.timer = 0;
    this.audio.addEventListener("ended", () => this.pause());
  }

  get playing() { return this.timer !== 0; }

  load(url, lengthMs) {
    this.lengthMs = lengthMs;
    if (url === this.url) return;
    const going = this.playing;
    this.pause();
    this.url = url;
    if (url) this.audio.src = url; else this.audio.removeAttribute("src");
    this.seek(this.ms);
    if (going) this.play();
  }

  seek(ms) {
    this.ms = Math.max(0, Math.min(this.lengthMs, ms));
    if (this.url) this.audio.currentTime = this.ms / 1000;
    this.onMove();
  }

  // Plays on from here; with `until`, up to there and back to where it began.
  play(until = null) {
    if (!this.url) return;
    if (this.ms >= this.lengthMs - 5) this.seek(0);
    this.until = until;
    this.from = this.ms;
    this.audio.currentTime = this.ms / 1000;
    this.audio.play().catch(() => this.pause());
    const follow = () => {
      this.ms = this.audio.currentTime * 1000;
      if (this.until !== null && this.ms >= this.until) { this.pause(); this.seek(this.from); return; }
      this.onMove();
      this.timer = requestAnimationFrame(follow);
    };
    if (!this.timer) this.timer = requestAnimationFrame(follow);
  }

  pause() {
    cancelAnimationFrame(this.timer);
    this.timer = 0;
    this.audio.pause();
    this.onMove();
  }

  close() {
    this.pause();
    this.audio.removeAttribute("src");
  }
}

// The sound of a session while it is streamed. House rules: the stream's clock leads and the audio element follows it; what
// is more than a blink away is put right, small drift is played away by a rate that nobody hears. A browser that wants a
// click before it makes sound gets one from the user, and then the sound joins where the stream is.

// An element takes its time to begin: what it loses there is made good at once, later only what could be heard.
const SEEK_MS = 45, YOUNG_SEEK_MS = 30, YOUNG_MS = 800, EVEN_MS = 10, LOOK_MS = 40, SEEK_TAKES_MS = 15;

// How fast to play so that a drift goes away: drift in ms, positive where the sound is ahead.
export function rateFor(driftMs) {
  if (Math.abs(driftMs) <= EVEN_MS) return 1;
  return Math.max(0.94, Math.min(1.06, 1 - driftMs / 500));
}

export class Sound {
  constructor(audio, onChange) {
    Object.assign(this, { audio, onChange, url: null, zeroMs: null, blocked: false, until: null, timer: 0, replaying: false });
    audio.preload = "auto";
    audio.muted = false;
    this.unblock = () => { if (this.blocked) { this.blocked = false; this.look(); } };
    window.addEventListener("pointerdown", this.unblock);
    window.addEventListener("keydown", this.unblock);
  }

  // Fetches the whole of it: then a seek is as quick as the ear.
  async load(url) {
    if (url === this.url) return;
    this.url = url;
    const answer = await fetch(url);
    if (!answer.ok || url !== this.url) return;
    const address = URL.createObjectURL(await answer.blob());
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = address;
    this.audio.src = address;
    this.look();
  }

  // The stream begins, or began, at this time of the wall clock.
  follow(zeroMs) {
    if (zeroMs === this.zeroMs) return;
    this.zeroMs = zeroMs;
    this.look();
  }

  wantMs() { return Date.now() - this.zeroMs; }

  look() {
    window.clearTimeout(this.timer);
    if (this.zeroMs === null || !this.address || this.replaying) return;
    const want = this.wantMs(), end = 1000 * (this.audio.duration || Infinity);
    if (want >= end) { this.audio.pause(); return; }
    if (want < 0) { this.timer = window.setTimeout(() => this.look(), Math.max(1, -want)); return; }
    if (this.audio.paused) this.begin(want); else this.keep(want);
    this.timer = window.setTimeout(() => this.look(), LOOK_MS);
  }

  begin(want) {
    if (this.blocked) return;
    this.audio.currentTime = want / 1000;
    this.beganMs = want;
    this.audio.play().catch((error) => { if (error.name === "NotAllowedError") { this.blocked = true; this.onChange(); } });
  }

  keep(want) {
    const drift = 1000 * this.audio.currentTime - want;
    const far = want - this.beganMs < YOUNG_MS ? YOUNG_SEEK_MS : SEEK_MS;
    if (this.audio.seeking) return;
    if (Math.abs(drift) > far) this.audio.currentTime = (this.wantMs() + SEEK_TAKES_MS) / 1000;
    else this.audio.playbackRate = rateFor(drift);
  }

  toggle() {
    this.audio.muted = !this.audio.muted;
    this.onChange();
  }

  // Plays a stretch of it once more; `onMove` gets the place in ms, null at its end. Without sound the clock moves it.
  replay(fromMs, toMs, onMove) {
    this.replaying = true;
    const began = performance.now();
    const sounds = Boolean(this.address) && !this.blocked;
    this.audio.playbackRate = 1;
    if (sounds) { this.audio.currentTime = fromMs / 1000; this.audio.play().catch(() => {}); }
    const move = () => {
      if (!this.replaying) return;
      const heard = sounds && !this.audio.ended && !this.audio.paused;
      const ms = heard ? 1000 * this.audio.currentTime : fromMs + performance.now() - began;
      if (ms >= toMs) { this.replaying = false; this.audio.pause(); onMove(null); return; }
      onMove(ms);
      requestAnimationFrame(move);
    };
    requestAnimationFrame(move);
  }

  close() {
    window.clearTimeout(this.timer);
    window.removeEventListener("pointerdown", this.unblock);
    window.removeEventListener("keydown", this.unblock);
    Object.assign(this, { zeroMs: null, url: null, replaying: false });
    this.audio.pause();
    this.audio.removeAttribute("src");
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
  }
}

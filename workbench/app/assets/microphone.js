// Microphone: getUserMedia, an AudioWorklet at 16 kHz, frames of 100 ms, a socket. House rules: what the browser does to
// the sound is off unless somebody turns it on, and what it really does is sent along and recorded. A recording has one
// way to end, whoever ends it: no track is live and nothing is sent from then on.

import { socketAddress } from "./feed.js";
import { element } from "./words.js";

export const RATE_HZ = 16000;
export const FRAME_SAMPLES = 1600;
// What the worklet posts. Frames are gathered here and not there, so that Stop sends the last one at once, however short.
const BLOCK_SAMPLES = 160;
const LEVEL_FRAMES = 20, QUIET_DB = -45, CLIPPED = 5;
const views = new WeakMap();

// Float samples in [-1, 1] as int16, saturated.
export function toInt16(samples) {
  const made = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i += 1) {
    made[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768)));
  }
  return made;
}

// Loudness for the meter: dB re full scale, never below -60.
export function level(frame) {
  let sum = 0;
  for (const value of frame) sum += value * value;
  const rms = Math.sqrt(sum / Math.max(1, frame.length)) / 32768;
  return Math.max(-60, 20 * Math.log10(rms + 1e-9));
}

export function constraints(facts, deviceId = "") {
  return { audio: { ...(deviceId ? { deviceId: { exact: deviceId } } : {}), channelCount: 1, echoCancellation: facts.echo_cancellation === true,
    noiseSuppression: facts.noise_suppression === true, autoGainControl: facts.gain_control === true } };
}

// What the browser says it does, under the names that are recorded; null where it does not say.
export function takenFacts(settings, deviceLabel) {
  const said = (value) => (value === undefined ? null : value);
  return { echo_cancellation: said(settings.echoCancellation), noise_suppression: said(settings.noiseSuppression),
    gain_control: said(settings.autoGainControl), device_rate_hz: said(settings.sampleRate),
    device: deviceLabel || null };
}

// What is wrong with the level of the last two seconds; nothing before there are that many. `levels` in dB re full scale, one
// a frame; `clipped` samples at full scale in each.
export function levelWarning(levels, clipped) {
  if (levels.length < LEVEL_FRAMES) return "";
  if (clipped.reduce((sum, count) => sum + count, 0) >= CLIPPED) return "too loud: it clips";
  const loudest = Math.max(...levels);
  if (loudest <= -60) return "nothing is heard: is the microphone muted?";
  return loudest < QUIET_DB ? "very quiet: come closer or turn it up" : "";
}

function sentence(error, chosen) {
  if (error.name === "NotAllowedError") return "The browser was not allowed to use the microphone. Allow it for this page.";
  if (chosen && ["NotFoundError", "OverconstrainedError"].includes(error.name)) {
    return "The chosen microphone is not there. Choose another one.";
  }
  if (error.name === "NotFoundError") return "This machine has no microphone.";
  if (error.name === "NotReadableError") return "The microphone could not be opened: another program uses it, or it was unplugged.";
  return `The microphone could not be opened: ${error.message || error.name}`;
}

// One recording, from Start to its end. `told` has `began(session)`, `heard(frame, frames)` and `over(text)`.
class Take {
  constructor(data, told) {
    Object.assign(this, { data, told, over: false, frames: 0, filled: 0 });
    this.frame = new Int16Array(FRAME_SAMPLES);
    // Nothing that is said is lost: what comes before the server has answered waits; null when it has.
    this.waiting = [];
  }

  begin() {
    this.open().catch((error) => this.end(sentence(error, this.data.device)));
  }

  async open() {
    if (!navigator.mediaDevices) throw new Error("the browser gives it to https and to this machine alone");
    const stream = await navigator.mediaDevices.getUserMedia(constraints(this.data.facts, this.data.device));
    this.stream = stream;
    if (this.over) { this.release(); return; } // ended while the browser was asking
    const [track] = stream.getAudioTracks();
    track.onended = () => this.end("The microphone was taken away.");
    this.context = new AudioContext({ sampleRate: RATE_HZ });
    await this.context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
    if (this.over) return;
    const node = new AudioWorkletNode(this.context, "frames", { numberOfOutputs: 0,
      processorOptions: { samples: BLOCK_SAMPLES } });
    node.port.onmessage = (event) => this.hear(toInt16(event.data));
    this.context.createMediaStreamSource(stream).connect(node);
    this.told.opened();
    this.connect({ name: this.data.name, facts: takenFacts(track.getSettings(), track.label), lanes: this.data.lanes || [] });
  }

  connect(hello) {
    const socket = this.socket = new WebSocket(socketAddress(this.data.url, window.location));
    socket.onopen = () => { if (this.over) socket.close(1000); else socket.send(JSON.stringify(hello)); };
    socket.onmessage = (event) => {
      if (this.over) return;
      const answer = JSON.parse(event.data);
      if (answer.problem) { this.end(answer.problem); return; }
      const said = this.waiting;
      this.waiting = null;
      for (const frame of said) socket.send(frame.buffer);
      this.told.began(answer.session);
    };
    socket.onclose = () => this.end(this.waiting ? "The microphone could not be opened: the connection was closed"
      : "The session has ended; the microphone is off.");
  }

  hear(block) {
    if (this.over) return;
    this.frame.set(block, this.filled);
    this.filled += block.length;
    if (this.filled < FRAME_SAMPLES) return;
    const frame = this.frame.slice();
    this.filled = 0;
    this.frames += 1;
    if (this.waiting) this.waiting.push(frame);
    else if (this.socket.readyState === WebSocket.OPEN) this.socket.send(frame.buffer);
    this.told.heard(frame, this.waiting ? 0 : this.frames);
  }

  stop() {
    const sent = (this.frames + this.filled / FRAME_SAMPLES) / 10;
    this.end(this.waiting ? "Stopped before the service answered; nothing was sent." : `Stopped after ${sent.toFixed(1)} s`);
  }

  end(text) {
    if (this.over) return;
    this.over = true;
    this.release();
    const { socket } = this;
    if (socket && socket.readyState === WebSocket.OPEN) {
      if (!this.waiting) {
        if (this.filled) socket.send(this.frame.slice(0, this.filled).buffer);
        socket.send("end");
      }
      socket.close(1000);
    }
    this.told.over(text);
  }

  release() {
    if (this.stream) for (const track of this.stream.getTracks()) track.stop();
    if (this.context) this.context.close();
  }
}

class View {
  constructor(root) {
    this.box = element("div", "microphone");
    this.button = element("button", "", "Start microphone");
    this.button.type = "button";
    this.meter = element("meter");
    Object.assign(this.meter, { min: -60, max: 0, value: -60 });
    this.meter.setAttribute("aria-label", "level in dB");
    this.text = element("span", "note", "Off");
    this.text.setAttribute("role", "status");
    this.button.addEventListener("click", (event) => {
      // The second click of a double one is no second wish: it would begin anew what the first has just ended.
      if (event.detail <= 1) this.toggle();
    });
    this.leave = () => this.stop();
    window.addEventListener("pagehide", this.leave);
    this.device = element("select");
    this.device.setAttribute("aria-label", "Which microphone");
    this.device.append(new Option("Default microphone", ""));
    this.list = () => this.listDevices();
    navigator.mediaDevices?.addEventListener?.("devicechange", this.list);
    this.box.append(this.button, this.device, this.meter, this.text);
    root.append(this.box);
    this.take = null;
    this.list();
  }

  // Names are told only after the browser was allowed once; the choice stays while its device does.
  async listDevices() {
    if (!navigator.mediaDevices?.enumerateDevices) return;
    const devices = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === "audioinput" && d.deviceId
      && d.deviceId !== "default");
    const chosen = this.device.value;
    this.device.replaceChildren(new Option("Default microphone", ""),
      ...devices.map((d, place) => new Option(d.label || `Microphone ${place + 1}`, d.deviceId)));
    if (devices.some((d) => d.deviceId === chosen)) this.device.value = chosen;
  }

  toggle() {
    if (this.take) { this.stop(); return; }
    this.button.textContent = "Stop";
    this.text.textContent = "Listening …";
    this.device.disabled = true;
    const levels = [], clipped = [];
    this.take = new Take({ ...this.data, device: this.device.value }, {
      opened: () => this.list(),
      began: (session) => this.setTriggerValue("session", session),
      heard: (frame, sent) => {
        this.meter.value = level(frame);
        levels.push(this.meter.value);
        clipped.push(frame.reduce((count, value) => count + (value >= 32767 || value <= -32768 ? 1 : 0), 0));
        if (levels.length > LEVEL_FRAMES) { levels.shift(); clipped.shift(); }
        const warning = levelWarning(levels, clipped);
        this.text.classList.toggle("warning", Boolean(warning));
        if (sent) this.text.textContent = [`${(sent / 10).toFixed(1)} s sent`, warning].filter(Boolean).join(" · ");
      },
      over: (text) => {
        this.take = null;
        this.device.disabled = false;
        this.text.classList.remove("warning");
        this.meter.value = -60;
        this.button.textContent = "Start microphone";
        this.text.textContent = text;
      },
    });
    this.take.begin();
  }

  stop() {
    if (this.take) this.take.stop();
  }

  close() {
    this.stop();
    window.removeEventListener("pagehide", this.leave);
    navigator.mediaDevices?.removeEventListener?.("devicechange", this.list);
    this.box.remove();
  }
}

export default function microphone({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  Object.assign(view, { data, setTriggerValue });
  return () => {
    view.close();
    views.delete(parentElement);
  };
}

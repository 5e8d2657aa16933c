// Microphone: getUserMedia, an AudioWorklet at 16 kHz, frames of 100 ms, a socket. House rules: what the browser does to
// the sound is off unless somebody turns it on, and what it really does is sent along and recorded.

import { socketAddress } from "./feed.js";
import { element } from "./words.js";

export const RATE_HZ = 16000;
export const FRAME_SAMPLES = 1600;
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

export function constraints(facts) {
  return { audio: { channelCount: 1, echoCancellation: facts.echo_cancellation === true,
    noiseSuppression: facts.noise_suppression === true, autoGainControl: facts.gain_control === true } };
}

// What the browser says it does, under the names that are recorded; null where it does not say.
export function takenFacts(settings, deviceLabel) {
  const said = (value) => (value === undefined ? null : value);
  return { echo_cancellation: said(settings.echoCancellation), noise_suppression: said(settings.noiseSuppression),
    gain_control: said(settings.autoGainControl), device_rate_hz: said(settings.sampleRate),
    device: deviceLabel || null };
}

function sentence(error) {
  if (error.name === "NotAllowedError") return "The browser was not allowed to use the microphone. Allow it for this page.";
  if (error.name === "NotFoundError") return "This machine has no microphone.";
  return `The microphone could not be opened: ${error.message || error.name}`;
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
    this.button.addEventListener("click", () => (this.running ? this.stop() : this.start()));
    this.box.append(this.button, this.meter, this.text);
    root.append(this.box);
    this.running = false;
  }

  async start() {
    this.button.disabled = true;
    try {
      this.stream = await navigator.mediaDevices.getUserMedia(constraints(this.data.facts));
      const track = this.stream.getAudioTracks()[0];
      this.context = new AudioContext({ sampleRate: RATE_HZ });
      await this.context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
      // From here on nothing that is said is lost: what comes before the socket is open waits.
      this.frames = 0;
      this.waiting = [];
      this.running = true;
      const node = new AudioWorkletNode(this.context, "frames", { numberOfOutputs: 0,
        processorOptions: { samples: FRAME_SAMPLES } });
      node.port.onmessage = (event) => this.send(toInt16(event.data));
      this.context.createMediaStreamSource(this.stream).connect(node);
      this.text.textContent = "Listening …";
      await this.connect({ name: this.data.name, facts: takenFacts(track.getSettings(), track.label) });
      this.button.textContent = "Stop microphone";
    } catch (error) {
      this.text.textContent = sentence(error);
      this.release();
    }
    this.button.disabled = false;
  }

  connect(hello) {
    return new Promise((resolve, reject) => {
      this.socket = new WebSocket(socketAddress(this.data.url, window.location));
      this.socket.binaryType = "arraybuffer";
      this.socket.onopen = () => this.socket.send(JSON.stringify(hello));
      this.socket.onmessage = (event) => {
        const answer = JSON.parse(event.data);
        if (answer.problem) { reject(new Error(answer.problem)); return; }
        const said = this.waiting;
        this.waiting = null;
        for (const frame of said) this.send(frame);
        this.setTriggerValue("session", answer.session);
        resolve();
      };
      this.socket.onclose = () => {
        reject(new Error("the connection was closed"));
        if (this.running) this.stop();
      };
    });
  }

  send(frame) {
    if (!this.running) return;
    if (this.waiting) { this.waiting.push(frame); return; }
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(frame.buffer);
    this.frames += 1;
    this.meter.value = level(frame);
    this.text.textContent = `${(this.frames / 10).toFixed(1)} s sent`;
  }

  stop() {
    this.running = false;
    if (this.socket && this.socket.readyState === WebSocket.OPEN) this.socket.send("end");
    this.release();
  }

  release() {
    this.running = false;
    if (this.stream) for (const track of this.stream.getTracks()) track.stop();
    if (this.context) this.context.close();
    this.stream = this.context = null;
    this.meter.value = -60;
    this.button.textContent = "Start microphone";
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
    view.stop();
    view.box.remove();
    views.delete(parentElement);
  };
}

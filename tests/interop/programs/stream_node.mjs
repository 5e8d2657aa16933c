// A partner's page in Node: credentials in the subprotocols, in the order of each product.
//
//     node --experimental-websocket stream_node.mjs PRODUCT WS_URL TOKEN SESSION_ID WAV PACE
import { readFileSync } from "node:fs";

const [product, wsUrl, token, sessionId, wav, pace] = process.argv.slice(2);
const dictation = product === "dictation";
const protocols = dictation ? ["SukiAmbientAuth", token, sessionId] : ["SukiAmbientAuth", sessionId, token];
const ws = new WebSocket(wsUrl + (dictation ? "/ws/transcribe" : "/ws/stream"), protocols);
const received = [];

ws.onopen = async () => {
  if (!dictation) {
    const now = new Date().toISOString();
    ws.send(JSON.stringify({ type: "START_TIME", data: Buffer.from(now).toString("base64") }));
  }
  const pcm = readFileSync(wav).subarray(44);
  for (let start = 0; start < pcm.length; start += 3200) {
    const data = pcm.subarray(start, start + 3200).toString("base64");
    ws.send(JSON.stringify(dictation ? { type: "AUDIO", audioData: data } : { type: "AUDIO", data }));
    if (pace !== "0") await new Promise((resolve) => setTimeout(resolve, 100 / Number(pace)));
  }
  ws.send(JSON.stringify(dictation ? { type: "EVENT", event: "AUDIO_END" } : { type: "AUDIO", data: "RU9G" }));
};
ws.onmessage = (message) => received.push(JSON.parse(message.data));
ws.onclose = (closed) => console.log(JSON.stringify({ received, code: closed.code }));

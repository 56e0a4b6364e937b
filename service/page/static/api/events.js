// A job watched as it goes: server-sent events read through fetch, so that a key can travel.
import { Problem } from "./problem.js";
import { ask } from "./service.js";

const BACK_MS = [500, 1000, 2000, 4000, 8000]; // before coming back to a stream that broke
const ENDED = ["succeeded", "failed", "cancelled"];

/** Whether nothing more will come of a job. */
export function isEnded(state) {
  return ENDED.includes(state.status);
}

/** Yield the states of a job until it has ended; `onbreak` is told the problem while the service is away, else null. */
export async function* watch(path, signal, onbreak) {
  let seen = "";
  for (let broken = 0; ; broken += 1) {
    try {
      const response = await ask(`${path}/events`, { headers: seen ? { "Last-Event-ID": seen } : {}, signal });
      onbreak(null);
      for await (const { id, data } of events(response)) {
        seen = id;
        broken = 0;
        const state = JSON.parse(data);
        yield state;
        if (isEnded(state)) return;
      }
      if (response.status === 204) return;
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error instanceof Problem && !error.isPassing) throw error;
      onbreak(error instanceof Problem ? error : new Problem({ kind: "unreachable" }));
    }
    await new Promise((wake) => setTimeout(wake, BACK_MS[Math.min(broken, BACK_MS.length - 1)]));
    if (signal.aborted) return;
  }
}

/** The events of an answer: {id, data}. */
async function* events(response) {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => /^(\w*): ?(.*)$/.exec(line)?.slice(1) ?? []));
      if (fields.data) yield fields;
    }
  }
}

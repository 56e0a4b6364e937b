// The states of a job from its server-sent events, read through fetch because EventSource cannot send an API key.
import { Problem } from "./problem.js";
import { ask } from "./service.js";

const RETRY_MS = [500, 1000, 2000, 4000, 8000]; // delays before reconnecting to a broken stream
const ENDED = ["succeeded", "failed", "cancelled"];

/** Whether a job's state is final. */
export function isEnded(state) {
  return ENDED.includes(state.status);
}

/** Yield the states of a job until it ends. Calls `onbreak` with a Problem while the service is away, with null once connected. */
export async function* watch(path, signal, onbreak) {
  let lastId = "";
  for (let failures = 0; ; failures += 1) {
    try {
      const response = await ask(`${path}/events`, { headers: lastId ? { "Last-Event-ID": lastId } : {}, signal });
      onbreak(null);
      for await (const { id, data } of events(response)) {
        lastId = id;
        failures = 0;
        const state = JSON.parse(data);
        yield state;
        if (isEnded(state)) return;
      }
      if (response.status === 204) return;
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error instanceof Problem && !error.isTemporary) throw error;
      onbreak(error instanceof Problem ? error : new Problem({ kind: "unreachable" }));
    }
    await new Promise((wake) => setTimeout(wake, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]));
    if (signal.aborted) return;
  }
}

/** Yield the events {id, data} of a response. */
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

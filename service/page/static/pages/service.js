// The page of the service's state: queue, workers, devices, readiness checks.
import { askJson, reach } from "../api/service.js";
import { element } from "../parts/element.js";
import { failure } from "../parts/notice.js";
import { timeAgo } from "../parts/time.js";

const INTERVAL_MS = 2000;
const TEXTS = {
  ready: ["Operational", "Predictions and evaluations are available."],
  degraded: ["Predictions only", "Evaluations are delayed: Redis or all workers are unavailable."],
  starting: ["Starting", "The network is warming up. This takes a few seconds."],
  draining: ["Shutting down", "Requests in progress are completed; new requests are rejected."],
  failed: ["Failed", "The network could not be loaded. See the service's log."],
};

/** Show the page and refresh it every two seconds; returns a function that closes it. */
export function show(main) {
  const content = element("div", { class: "stack" });
  main.append(element("h1", {}, "Service"), content);
  const refresh = async () => {
    try {
      const [status, ready] = await Promise.all([askJson("v1/status"), checks()]);
      content.replaceChildren(...view(status, ready));
    } catch (error) {
      content.replaceChildren(failure(error));
    }
  };
  refresh();
  const timer = setInterval(() => document.hidden || refresh(), INTERVAL_MS);
  return () => clearInterval(timer);
}

/** The readiness checks; /readyz answers 503 while one of them fails. */
async function checks() {
  return (await (await reach("readyz")).json()).checks;
}

function view({ status, queue, workers, devices, key }, ready) {
  const [title, text] = TEXTS[status];
  return [
    element("section", { class: `card state ${status}` }, element("h2", {}, title), element("p", { class: "hint" }, text)),
    element("div", { class: "tiles" },
      tile("Evaluations waiting", queue ? String(queue.depths.evaluations) : "–", queue ? `of at most ${queue.limit}` : "the queue is unavailable"),
      tile("Set images waiting", queue ? String(queue.depths.sets) : "–", "images of all sets"),
      tile("Longest wait", queue ? `${queue.oldest_age_s.toFixed(0)} s` : "–", "age of the oldest waiting job"),
      tile("Prediction device", devices.service, "used by the service itself")),
    key && element("p", { class: "hint" }, "Your API key is ", element("code", {}, key.name), `. Scopes: ${key.scopes.join(", ")}.`),
    element("section", { class: "card" }, element("h2", {}, "Workers"), workers.length ? workerTable(workers) : element("p", { class: "hint" }, "No worker is running. Start one with python -m worker, or everything with make serve.")),
    element("section", { class: "card" }, element("h2", {}, "Checks"), element("dl", {}, Object.entries(ready).map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value))))),
  ].filter(Boolean);
}

function tile(name, value, text) {
  return element("section", { class: "card tile" }, element("h3", {}, name), element("p", { class: "value" }, value), element("p", { class: "faint" }, text));
}

function workerTable(workers) {
  return element("div", { class: "scroll" }, element("table", { class: "text" },
    element("thead", {}, element("tr", {}, ["name", "state", "device", "host", "last seen"].map((title) => element("th", { scope: "col" }, title)))),
    element("tbody", {}, workers.map((worker) => element("tr", {}, element("td", {}, worker.name), element("td", {}, worker.state),
      element("td", {}, worker.device), element("td", {}, worker.host), element("td", {}, timeAgo(worker.last_seen_at)))))));
}

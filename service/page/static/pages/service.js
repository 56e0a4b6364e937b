// The state of the service: queue, workers, devices.
import { askJson, reach } from "../api/service.js";
import { element } from "../parts/element.js";
import { moment } from "../parts/moment.js";
import { failure } from "../parts/notice.js";

const EVERY_MS = 2000;
const WORDS = {
  ready: ["All is well", "Predictions and evaluations are served."],
  degraded: ["Predictions only", "Evaluations wait: Redis or all workers are away."],
  starting: ["Starting", "The network warms up; a few seconds more."],
  draining: ["Ending", "Requests under way are finished, new ones refused."],
  failed: ["Broken", "The network could not be loaded: look at the service's log."],
};

/** Show the page, anew every two seconds; returns how to end it. */
export function show(main) {
  const place = element("div", { class: "stack" });
  main.append(element("h1", {}, "Service"), place);
  const look = async () => {
    try {
      const [status, ready] = await Promise.all([askJson("v1/status"), checks()]);
      place.replaceChildren(...view(status, ready));
    } catch (error) {
      place.replaceChildren(failure(error));
    }
  };
  look();
  const timer = setInterval(() => document.hidden || look(), EVERY_MS);
  return () => clearInterval(timer);
}

/** The checks behind /readyz, which answers 503 while one of them fails. */
async function checks() {
  return (await (await reach("readyz")).json()).checks;
}

function view({ status, queue, workers, devices, key }, ready) {
  const [title, words] = WORDS[status];
  return [
    element("section", { class: `card state ${status}` }, element("h2", {}, title), element("p", { class: "hint" }, words)),
    element("div", { class: "tiles" },
      tile("Waiting", queue ? String(queue.depths.evaluations) : "–", queue ? `of ${queue.limit} evaluations` : "the queue is away"),
      tile("Waiting, of sets", queue ? String(queue.depths.sets) : "–", "images"),
      tile("The next has waited", queue ? `${queue.oldest_age_s.toFixed(0)} s` : "–", "since it was asked for"),
      tile("Predictions run on", devices.service, "the service's own device")),
    key && element("p", { class: "hint" }, "Your key is ", element("code", {}, key.name), `: it may ${key.scopes.join(", ")}.`),
    element("section", { class: "card" }, element("h2", {}, "Workers"), workers.length ? workerTable(workers) : element("p", { class: "hint" }, "None was heard of lately. Start one with python -m worker, or all with make serve.")),
    element("section", { class: "card" }, element("h2", {}, "Checks"), element("dl", {}, Object.entries(ready).map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value))))),
  ].filter(Boolean);
}

function tile(name, value, words) {
  return element("section", { class: "card tile" }, element("h3", {}, name), element("p", { class: "value" }, value), element("p", { class: "faint" }, words));
}

function workerTable(workers) {
  return element("div", { class: "scroll" }, element("table", { class: "words" },
    element("thead", {}, element("tr", {}, ["name", "state", "device", "host", "heard of"].map((title) => element("th", { scope: "col" }, title)))),
    element("tbody", {}, workers.map((worker) => element("tr", {}, element("td", {}, worker.name), element("td", {}, worker.state),
      element("td", {}, worker.device), element("td", {}, worker.host), element("td", {}, moment(worker.last_seen_at)))))));
}

// The images of a set: where each stands and what it scored; sorted by any column.
import { element } from "./element.js";
import { methodName } from "./methods.js";
import { signed } from "./score_table.js";
import { statusMark } from "./status_mark.js";

/** A table of items {file, label, id, status, error} with scores by id; a click on a heading sorts by it. */
export class ItemsTable {
  constructor() {
    Object.assign(this, { items: [], scores: new Map(), columns: [], by: null, falling: true });
    this.head = element("tr");
    this.body = element("tbody");
    this.node = element("div", { class: "scroll tall items" }, element("table", {}, element("thead", {}, this.head), this.body));
  }

  /** Show these. Scores are lists of {method, patch_size, pid} by id. */
  show(items, scores) {
    Object.assign(this, { items, scores });
    const some = scores.values().next().value ?? [];
    this.columns = some.map(({ method, patch_size: m }) => ({ method, m, key: `${method} ${m}` }));
    this.#draw();
  }

  #draw() {
    const heading = (key, text) => element("th", { scope: "col", "aria-sort": this.by === key ? (this.falling ? "descending" : "ascending") : "none" },
      element("button", { type: "button", class: "quiet", onclick: () => this.#sort(key) }, text, element("span", { "aria-hidden": "true" }, this.by === key ? (this.falling ? " ▾" : " ▴") : " ↕")));
    this.head.replaceChildren(heading("file", "image"), heading("label", "label"), heading("status", "status"),
      ...this.columns.map(({ key, method, m }) => heading(key, `${methodName(method)} ${m}`)));
    this.body.replaceChildren(...this.#sorted().map((item) => this.#row(item)));
  }

  #row(item) {
    const own = this.scores.get(item.id);
    return element("tr", {}, element("td", {}, element("a", { href: `#/evaluations/${item.id}` }, item.file)), element("td", {}, item.label ?? "–"),
      element("td", {}, statusMark(item.status), item.error && element("small", {}, item.error.detail)),
      this.columns.map((column) => element("td", {}, own ? signed(pidOf(own, column)) : item.error ? "✕" : "…")));
  }

  #sort(key) {
    this.falling = this.by === key ? !this.falling : !["file", "label", "status"].includes(key);
    this.by = key;
    this.#draw();
  }

  #sorted() {
    if (this.by === null) return this.items;
    const column = this.columns.find(({ key }) => key === this.by);
    const value = (item) => (column ? (this.scores.has(item.id) ? pidOf(this.scores.get(item.id), column) : -Infinity) : item[this.by] ?? "");
    const order = (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0);
    return [...this.items].sort((a, b) => (this.falling ? order(b, a) : order(a, b)));
  }
}

function pidOf(scores, { method, m }) {
  return scores.find((score) => score.method === method && score.patch_size === m)?.pid ?? NaN;
}

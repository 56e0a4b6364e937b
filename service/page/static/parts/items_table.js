// The images of a set with their status and scores, sortable by any column.
import { element } from "./element.js";
import { methodName } from "./methods.js";
import { signed } from "./score_table.js";
import { statusMark } from "./status_mark.js";

const UNSCORED = { failed: "✕", cancelled: "–", succeeded: "–" }; // succeeded: stored by a release whose lists had no scores

/** A table of items {file, label, id, status, pid, error}, `pid` by method and patch size. A click on a heading sorts by its column. */
export class ItemsTable {
  constructor() {
    Object.assign(this, { items: [], columns: [], by: null, isDescending: true });
    this.head = element("tr");
    this.body = element("tbody");
    this.node = element("div", { class: "scroll tall items" }, element("table", {}, element("thead", {}, this.head), this.body));
  }

  /** Show the items. */
  show(items) {
    this.items = items;
    const some = items.find(({ pid }) => pid)?.pid ?? {};
    this.columns = Object.entries(some).flatMap(([method, sizes]) => Object.keys(sizes).map((m) => ({ method, m, key: `${method} ${m}` })));
    this.#draw();
  }

  #draw() {
    const heading = (key, text) => element("th", { scope: "col", "aria-sort": this.by === key ? (this.isDescending ? "descending" : "ascending") : "none" },
      element("button", { type: "button", class: "quiet", onclick: () => this.#sort(key) }, text, element("span", { "aria-hidden": "true" }, this.by === key ? (this.isDescending ? " ▾" : " ▴") : " ↕")));
    this.head.replaceChildren(heading("file", "image"), heading("label", "label"), heading("status", "status"),
      ...this.columns.map(({ key, method, m }) => heading(key, `${methodName(method)} ${m}`)));
    this.body.replaceChildren(...this.#sorted().map((item) => this.#row(item)));
  }

  #row(item) {
    return element("tr", {}, element("td", {}, element("a", { href: `#/evaluations/${item.id}` }, item.file)), element("td", {}, item.label ?? "–"),
      element("td", {}, statusMark(item.status), item.error && element("small", {}, item.error.detail)),
      this.columns.map((column) => element("td", {}, item.pid ? signed(pidOf(item, column)) : UNSCORED[item.status] ?? "…")));
  }

  #sort(key) {
    this.isDescending = this.by === key ? !this.isDescending : !["file", "label", "status"].includes(key);
    this.by = key;
    this.#draw();
  }

  #sorted() {
    if (this.by === null) return this.items;
    const column = this.columns.find(({ key }) => key === this.by);
    const value = (item) => (column ? (item.pid ? pidOf(item, column) : -Infinity) : item[this.by] ?? "");
    const order = (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0);
    return [...this.items].sort((a, b) => (this.isDescending ? order(b, a) : order(a, b)));
  }
}

function pidOf({ pid }, { method, m }) {
  return pid[method]?.[m] ?? NaN;
}

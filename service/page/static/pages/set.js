// One set: its table as it fills, then its means.
import { isEnded, watch } from "../api/events.js";
import { sets } from "../api/sets.js";
import { announce } from "../parts/announcer.js";
import { copyable } from "../parts/copyable.js";
import { element } from "../parts/element.js";
import { ItemsTable } from "../parts/items_table.js";
import { differencesTable, meansTable } from "../parts/means_table.js";
import { methodName } from "../parts/methods.js";
import { moment } from "../parts/moment.js";
import { failure, notice } from "../parts/notice.js";
import { pidChart } from "../parts/pid_chart.js";
import { Progress, shareDone } from "../parts/progress.js";
import { saveButton } from "../parts/saving.js";
import { statusMark } from "../parts/status_mark.js";

const FILL_EVERY_MS = 1000;

/** Show the page of a set; returns how to end it. */
export function show(main, id) {
  const page = new SetPage(main, id);
  page.follow();
  return () => page.watching.abort();
}

class SetPage {
  constructor(main, id) {
    Object.assign(this, { id, watching: new AbortController(), counts: null, tables: "null", status: null, isStale: false, isFilling: false });
    this.head = element("div", { class: "heading" }, element("h1", {}, "Set"));
    this.trouble = element("div");
    this.progress = new Progress();
    this.end = element("button", { type: "button", onclick: () => this.cancel() }, "Cancel");
    this.running = element("section", { class: "card running", hidden: true }, element("div", { class: "row" }, this.progress.node, this.end));
    this.means = element("div", { class: "stack" });
    this.items = new ItemsTable();
    main.append(this.head, this.trouble, this.running, this.means, element("section", { class: "card" }, element("h2", {}, "Images"), this.items.node));
  }

  async follow() {
    try {
      let state = await sets.state(this.id);
      this.update(state);
      if (isEnded(state)) return;
      const breaking = (problem) => this.trouble.replaceChildren(...(problem ? [failure(problem)] : []));
      for await (state of watch(`v1/evaluation-sets/${this.id}`, this.watching.signal, breaking)) this.update(state);
      announce(`The set has ${state.status}`);
    } catch (error) {
      if (!this.watching.signal.aborted) this.trouble.replaceChildren(failure(error));
    }
  }

  async cancel() {
    try {
      this.update(await sets.cancel(this.id));
    } catch (error) {
      this.trouble.replaceChildren(failure(error));
    }
  }

  /** Say where it stands; only what has changed is made anew, so that focus and what was opened stay. */
  update(state) {
    document.title = `${shareDone(state) ?? state.status} · Set`;
    const counts = JSON.stringify(state.items);
    if (counts !== this.counts) this.refill();
    if (counts !== this.counts || state.status !== this.status) this.name(state);
    const tables = JSON.stringify(state.result?.tables ?? null) + (isEnded(state) ? counts : "");
    if (tables !== this.tables) this.means.replaceChildren(...means(state));
    Object.assign(this, { counts, tables, status: state.status });
    this.running.hidden = isEnded(state);
    this.progress.show(state.progress, "images", "");
  }

  name(state) {
    const { model, parameters, images } = state.request;
    const { succeeded, failed } = state.items;
    const part = state.status === "failed" && succeeded > 0 ? `${failed ?? 0} of ${counted(images)} failed` : state.status;
    this.head.replaceChildren(element("h1", {}, `${counted(images)} `, statusMark(state.status, part)),
      element("p", { class: "hint" }, `${parameters.methods.map(methodName).join(", ")} · m = ${parameters.patch_sizes.join(", ")} · protocol “${parameters.protocol}” · `,
        element("a", { href: `#/models/${model.name}` }, model.name), ` ${model.version} · `, moment(state.created_at)),
      copyable(location.href, "the link to this set"));
  }

  /** Fill the table anew, once a second at most: states come faster. */
  async refill() {
    this.isStale = true;
    if (this.isFilling) return;
    this.isFilling = true;
    try {
      while (this.isStale && !this.watching.signal.aborted) {
        this.isStale = false;
        this.items.show(await sets.items(this.id));
        await new Promise((wake) => setTimeout(wake, FILL_EVERY_MS));
      }
    } catch (error) {
      this.counts = null; // the next state asks again
      if (!this.watching.signal.aborted) this.trouble.replaceChildren(failure(error));
    } finally {
      this.isFilling = false;
    }
  }
}

function counted(images) {
  return images === 1 ? "1 image" : `${images.toLocaleString("en")} images`;
}

/** The tables over the images that have been evaluated so far. */
function means(state) {
  const failed = state.items.failed ?? 0;
  const words = failed > 0 ? [notice("warn", `${counted(failed)} failed`, element("p", {}, "The reasons are in the table; means are over the others."))] : [];
  if (!state.result?.tables?.length) return words;
  const [whole, ...labels] = state.result.tables;
  return [...words,
    element("div", { class: "columns" },
      element("section", { class: "card" }, element("h2", {}, `Mean PID of ${counted(whole.images)}, with 95 % intervals`), pidChart(whole.rows)),
      element("section", { class: "card" }, element("h2", {}, "In the layout of the paper's Table 2"), meansTable(whole.rows),
        labels.map((table) => element("details", {}, element("summary", {}, `${table.label}: ${counted(table.images)}`), meansTable(table.rows))),
        element("div", { class: "row" },
          saveButton("CSV", `${state.id.slice(0, 8)}.table.csv`, () => sets.part(state.id, "table.csv")),
          saveButton("Markdown", `${state.id.slice(0, 8)}.table.md`, () => new Blob([whole.markdown], { type: "text/markdown" }))))),
    whole.differences.length > 0 && element("section", { class: "card" }, element("details", {}, element("summary", {}, "Paired differences between methods"), differencesTable(whole.differences))),
  ].filter(Boolean);
}

// The page of one set: its images and their scores, and the means.
import { isEnded, watch } from "../api/events.js";
import { sets } from "../api/sets.js";
import { announce } from "../parts/announcer.js";
import { copyable } from "../parts/copyable.js";
import { element } from "../parts/element.js";
import { glossary } from "../parts/glossary.js";
import { ItemsTable } from "../parts/items_table.js";
import { differencesTable, meansTable } from "../parts/means_table.js";
import { methodName, patchSizesText } from "../parts/methods.js";
import { failure, notice } from "../parts/notice.js";
import { pidChart } from "../parts/pid_chart.js";
import { Progress, shareDone } from "../parts/progress.js";
import { saveButton } from "../parts/save_button.js";
import { statusMark } from "../parts/status_mark.js";
import { timeAgo } from "../parts/time.js";

const REFRESH_MS = 1000;

/** Show the page of a set; returns a function that closes it. */
export function show(main, id) {
  const page = new SetPage(main, id);
  page.follow();
  return () => page.watching.abort();
}

class SetPage {
  constructor(main, id) {
    Object.assign(this, { id, watching: new AbortController(), counts: null, tables: "null", status: null, isStale: false, isLoading: false });
    this.head = element("div", { class: "heading" }, element("h1", {}, "Set"));
    this.trouble = element("div");
    this.progress = new Progress();
    this.cancelButton = element("button", { type: "button", onclick: () => this.cancel() }, "Cancel");
    this.running = element("section", { class: "card running", hidden: true }, element("div", { class: "row" }, this.progress.node, this.cancelButton));
    this.means = element("div", { class: "stack" });
    this.items = new ItemsTable();
    main.append(this.head, this.trouble, this.running, this.means, element("section", { class: "card" }, element("h2", {}, "Images"), this.items.node));
  }

  async follow() {
    try {
      let state = await sets.state(this.id);
      this.update(state);
      if (isEnded(state)) return;
      const onbreak = (problem) => this.trouble.replaceChildren(...(problem ? [failure(problem)] : []));
      for await (state of watch(`v1/evaluation-sets/${this.id}`, this.watching.signal, onbreak)) this.update(state);
      announce(`Set ${state.status}`);
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

  /** Show a state. Only changed parts are rebuilt, so that focus and opened details persist. */
  update(state) {
    document.title = `${shareDone(state) ?? state.status} · Set`;
    const counts = JSON.stringify(state.items);
    if (counts !== this.counts) this.loadItems();
    if (counts !== this.counts || state.status !== this.status) this.showHeading(state);
    const tables = JSON.stringify(state.result?.tables ?? null) + (isEnded(state) ? counts : "");
    if (tables !== this.tables) this.means.replaceChildren(...means(state));
    Object.assign(this, { counts, tables, status: state.status });
    this.running.hidden = isEnded(state);
    this.progress.show(state.progress, "images", "");
  }

  showHeading(state) {
    const { model, parameters, images } = state.request;
    const { succeeded, failed } = state.items;
    const text = state.status === "failed" && succeeded > 0 ? `${failed ?? 0} of ${counted(images)} failed` : state.status;
    this.head.replaceChildren(element("h1", {}, `${counted(images)} `, statusMark(state.status, text)),
      element("p", { class: "hint" }, `${parameters.methods.map(methodName).join(", ")} · ${patchSizesText(parameters.patch_sizes)} · protocol “${parameters.protocol}” · `,
        element("a", { href: `#/models/${model.name}` }, model.name), ` ${model.version} · `, timeAgo(state.created_at)),
      copyable(location.href, "the link to this set"));
  }

  /** Reload the table, at most once per REFRESH_MS although states arrive faster. */
  async loadItems() {
    this.isStale = true;
    if (this.isLoading) return;
    this.isLoading = true;
    try {
      while (this.isStale && !this.watching.signal.aborted) {
        this.isStale = false;
        this.items.show(await sets.items(this.id));
        await new Promise((wake) => setTimeout(wake, REFRESH_MS));
      }
    } catch (error) {
      this.counts = null; // the next state triggers a reload
      if (!this.watching.signal.aborted) this.trouble.replaceChildren(failure(error));
    } finally {
      this.isLoading = false;
    }
  }
}

function counted(images) {
  return images === 1 ? "1 image" : `${images.toLocaleString("en")} images`;
}

/** The means over the images evaluated so far. */
function means(state) {
  const failed = state.items.failed ?? 0;
  const notices = failed > 0 ? [notice("warn", `${counted(failed)} failed`, element("p", {}, "The table states the reasons. The means are over the remaining images."))] : [];
  if (!state.result?.tables?.length) return notices;
  const [all, ...labels] = state.result.tables;
  return [...notices,
    element("div", { class: "columns" },
      element("section", { class: "card" }, element("h2", {}, `Mean PID of ${counted(all.images)}, with 95 % confidence intervals`), pidChart(all.rows), glossary("PID", "patch size")),
      element("section", { class: "card" }, element("h2", {}, "Mean PID by method and patch size"), meansTable(all.rows),
        labels.map((table) => element("details", {}, element("summary", {}, `${table.label}: ${counted(table.images)}`), meansTable(table.rows))),
        element("div", { class: "row" },
          saveButton("CSV", `${state.id.slice(0, 8)}.table.csv`, () => sets.part(state.id, "table.csv")),
          saveButton("Markdown", `${state.id.slice(0, 8)}.table.md`, () => new Blob([all.markdown], { type: "text/markdown" }))))),
    all.differences.length > 0 && element("section", { class: "card" }, element("details", {}, element("summary", {}, "Paired differences between methods"), differencesTable(all.differences))),
  ].filter(Boolean);
}

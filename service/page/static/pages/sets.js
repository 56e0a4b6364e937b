// The page that submits a set of images as a zip or by the name of a folder.
import { allModels, reference } from "../api/models.js";
import { allows } from "../api/scopes.js";
import { sets } from "../api/sets.js";
import { element } from "../parts/element.js";
import { Estimate } from "../parts/estimate.js";
import { methodName, patchSizesText } from "../parts/methods.js";
import { evaluateScopeNotice, failure } from "../parts/notice.js";
import { RecentJobs } from "../parts/recent_jobs.js";
import { RequestForm } from "../parts/request_form.js";
import { select } from "../parts/select.js";
import { statusMark } from "../parts/status_mark.js";
import { timeAgo } from "../parts/time.js";
import { session } from "../session.js";

/** Show the page; returns a function that closes it. */
export function show(main) {
  const page = new SetsPage(main);
  return () => page.listeners.abort();
}

class SetsPage {
  constructor(main) {
    this.zip = null;
    this.problem = element("div");
    this.chosen = element("p", { class: "call" }, "Drop a zip here");
    this.input = element("input", { type: "file", accept: ".zip,application/zip", class: "unseen", "aria-label": "Choose a zip",
      onchange: () => this.use(this.input.files[0]) });
    this.name = element("input", { type: "text", id: "set-name", autocomplete: "off", oninput: () => this.updateEstimate() });
    this.form = element("section", { class: "card questions" });
    this.recent = new RecentJobs("Recent sets", async (cursor) => {
      const { sets: found, next_cursor: next } = await sets.list(cursor);
      return { rows: found.map(row), cursor: next };
    }, "None yet.");
    this.listen();
    main.append(element("div", { class: "heading" }, element("h1", {}, "Evaluate a set of images"), element("p", { class: "hint" },
      "Provide a zip of images with a ", element("code", {}, "labels.csv"), " that has the columns ", element("code", {}, "file,label"), " and optionally ", element("code", {}, "mask"),
      " (masks of the evidence). Each image is evaluated on its own; the result gives means with 95 % confidence intervals.")),
    this.zone = element("div", { class: "dropzone low" }, this.chosen, element("p", { class: "row" }, this.input,
      element("button", { type: "button", class: "primary", onclick: () => this.input.click() }, "Choose a zip"),
      element("label", { for: "set-name", class: "hint" }, "or enter the name of a folder on the server"), this.name)),
    this.columns = element("div", { class: "columns" }, this.form, this.recent.node));
    this.recent.load();
    this.load().catch((error) => this.form.replaceChildren(failure(error)));
  }

  listen() {
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    const hover = (over) => (event) => {
      event.preventDefault();
      document.body.classList.toggle("dropping", over);
      if (event.type === "drop") this.use(event.dataTransfer.files[0]);
    };
    for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) document.addEventListener(name, hover(over), { signal });
  }

  async load() {
    if (!(await allows("evaluate"))) {
      this.listeners.abort();
      this.zone.remove();
      this.columns.replaceWith(evaluateScopeNotice());
      return;
    }
    const models = await allModels();
    this.showForm(models[0], models);
  }

  showForm(model, models) {
    this.model = model;
    this.estimate = new Estimate(model, session.inferMs, " per image");
    this.start = element("button", { type: "button", class: "primary", onclick: () => this.submit() }, "Evaluate the set");
    this.request = new RequestForm(model, { onchange: () => this.updateEstimate() });
    this.form.replaceChildren(...[
      models.length > 1 && select("Model", models.map((one) => [reference(one), one.name]), reference(model), (chosen) => {
        this.showForm(models.find((one) => reference(one) === chosen), models);
      }),
      this.request.node, this.problem, element("div", { class: "start" }, this.start, this.estimate.node), this.request.glossary,
    ].filter(Boolean));
    this.updateEstimate();
    this.estimate.load().then(() => this.updateEstimate(), () => {}); // the list of recent sets reports the error
  }

  updateEstimate() {
    const first = this.zip || this.name.value.trim() ? "" : "Choose a zip or enter the name of a folder.";
    this.estimate.show(this.request, first);
    this.start.disabled = this.request.missing !== "" || first !== "";
  }

  use(file) {
    if (!file) return;
    this.zip = file;
    this.name.value = "";
    this.chosen.textContent = `${file.name} · ${Math.ceil(file.size / 1000).toLocaleString("en")} kB`;
    this.updateEstimate();
  }

  async submit() {
    this.start.disabled = true;
    this.problem.replaceChildren(element("p", { class: "hint", role: "status" }, "Uploading …"));
    try {
      const { id } = await sets.submit(this.name.value.trim() || this.zip, { ...this.request.fields, model: reference(this.model) });
      location.hash = `#/evaluation-sets/${id}`;
    } catch (error) {
      this.start.disabled = false;
      this.problem.replaceChildren(failure(error));
    }
  }
}

function row(set) {
  const { parameters, images, model } = set.request;
  return element("li", {}, element("a", { href: `#/evaluation-sets/${set.id}` }, statusMark(set.status),
    element("span", {}, `${images} ${images === 1 ? "image" : "images"}: ${parameters.methods.map(methodName).join(", ")}`),
    element("span", { class: "faint" }, `${patchSizesText(parameters.patch_sizes)} · ${model.name} · `, timeAgo(set.created_at))));
}

// Many images at once: a zip with labels in, a table out.
import { allModels, reference } from "../api/models.js";
import { allows } from "../api/scopes.js";
import { sets } from "../api/sets.js";
import { element } from "../parts/element.js";
import { Estimate } from "../parts/estimate.js";
import { methodName } from "../parts/methods.js";
import { moment } from "../parts/moment.js";
import { failure, locked } from "../parts/notice.js";
import { Recent } from "../parts/recent.js";
import { RequestForm } from "../parts/request_form.js";
import { select } from "../parts/select.js";
import { statusMark } from "../parts/status_mark.js";

/** Show the page; returns how to end it. */
export function show(main) {
  const page = new SetsPage(main);
  return () => page.listening.abort();
}

class SetsPage {
  constructor(main) {
    this.zip = null;
    this.problem = element("div");
    this.chosen = element("p", { class: "call" }, "Drop a zip here");
    this.input = element("input", { type: "file", accept: ".zip,application/zip", class: "unseen", "aria-label": "Choose a zip",
      onchange: () => this.take(this.input.files[0]) });
    this.name = element("input", { type: "text", id: "set-name", autocomplete: "off", oninput: () => this.say() });
    this.form = element("section", { class: "card questions" });
    this.recent = new Recent("Recent sets", async (cursor) => {
      const { sets: found, next_cursor: next } = await sets.list(cursor);
      return { rows: found.map(row), cursor: next };
    }, "None yet.");
    this.listen();
    main.append(element("div", { class: "heading" }, element("h1", {}, "Many images at once"), element("p", { class: "hint" },
      "A zip of images with a ", element("code", {}, "labels.csv"), " of the columns ", element("code", {}, "file,label"), " and, if there are masks of where the evidence lies, ", element("code", {}, "mask"),
      ". Each image is evaluated by itself, then the means come with 95 % intervals.")),
    this.zone = element("div", { class: "dropzone low" }, this.chosen, element("p", { class: "row" }, this.input,
      element("button", { type: "button", class: "primary", onclick: () => this.input.click() }, "Choose a zip"),
      element("label", { for: "set-name", class: "hint" }, "or the name of a folder that the service knows"), this.name)),
    this.columns = element("div", { class: "columns" }, this.form, this.recent.node));
    this.recent.load();
    this.begin().catch((error) => this.form.replaceChildren(failure(error)));
  }

  listen() {
    this.listening = new AbortController();
    const { signal } = this.listening;
    const hover = (over) => (event) => {
      event.preventDefault();
      document.body.classList.toggle("dropping", over);
      if (event.type === "drop") this.take(event.dataTransfer.files[0]);
    };
    for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) document.addEventListener(name, hover(over), { signal });
  }

  async begin() {
    if (!(await allows("evaluate"))) {
      this.listening.abort();
      this.zone.remove();
      this.columns.replaceWith(locked());
      return;
    }
    const models = await allModels();
    this.ask(models[0], models);
  }

  ask(model, models) {
    this.model = model;
    this.estimate = new Estimate(model, " an image");
    this.start = element("button", { type: "button", class: "primary", onclick: () => this.submit() }, "Evaluate the set");
    this.questions = new RequestForm(model, { onchange: () => this.say() });
    this.form.replaceChildren(...[
      models.length > 1 && select("Model", models.map((one) => [reference(one), one.name]), reference(model), (chosen) => {
        this.ask(models.find((one) => reference(one) === chosen), models);
      }),
      this.questions.node, this.problem, element("div", { class: "start" }, this.start, this.estimate.node),
    ].filter(Boolean));
    this.say();
    this.estimate.look().then(() => this.say(), () => {}); // the list beside it says why
  }

  say() {
    const first = this.zip || this.name.value.trim() ? "" : "Choose a zip, or name a folder.";
    this.estimate.say(this.questions, first);
    this.start.disabled = this.questions.missing !== "" || first !== "";
  }

  take(file) {
    if (!file) return;
    this.zip = file;
    this.name.value = "";
    this.chosen.textContent = `${file.name} · ${Math.ceil(file.size / 1000).toLocaleString("en")} kB`;
    this.say();
  }

  async submit() {
    this.start.disabled = true;
    this.problem.replaceChildren(element("p", { class: "hint", role: "status" }, "Sending …"));
    try {
      const { id } = await sets.submit(this.name.value.trim() || this.zip, { ...this.questions.fields, model: reference(this.model) });
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
    element("span", {}, `${images} images: ${parameters.methods.map(methodName).join(", ")}`),
    element("span", { class: "faint" }, `m = ${parameters.patch_sizes.join(", ")} · ${model.name} · `, moment(set.created_at))));
}

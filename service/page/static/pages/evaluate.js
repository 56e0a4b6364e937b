// The page that submits an evaluation of one image.
import { evaluations } from "../api/evaluations.js";
import { allModels, reference } from "../api/models.js";
import { allows } from "../api/scopes.js";
import { element } from "../parts/element.js";
import { Estimate } from "../parts/estimate.js";
import { ImageInput } from "../parts/image_input.js";
import { MaskField } from "../parts/mask_field.js";
import { methodName, patchSizesText } from "../parts/methods.js";
import { evaluateScopeNotice, failure } from "../parts/notice.js";
import { preview } from "../parts/preview.js";
import { RecentJobs } from "../parts/recent_jobs.js";
import { RequestForm } from "../parts/request_form.js";
import { select } from "../parts/select.js";
import { statusMark } from "../parts/status_mark.js";
import { timeAgo } from "../parts/time.js";
import { Upload } from "../picture/upload.js";
import { session } from "../session.js";

/** Show the page; returns a function that closes it. */
export function show(main) {
  const page = new EvaluatePage(main);
  return () => page.source.close();
}

class EvaluatePage {
  constructor(main) {
    this.source = new ImageInput({ onfile: (...given) => this.read(...given), onproblem: (error) => this.fail(error) });
    this.source.shrink(true);
    this.previews = element("div", { class: "previews" });
    this.mask = new MaskField({ onchange: () => this.showPreviews() });
    this.formCard = element("section", { class: "card questions" });
    this.recent = new RecentJobs("Recent evaluations", async (cursor) => {
      const { evaluations: found, next_cursor: next } = await evaluations.list(cursor);
      return { rows: found.map(row), cursor: next };
    }, "None yet.");
    main.append(element("div", { class: "heading" }, element("h1", {}, "How faithful is the map?"),
      element("p", { class: "hint" }, "An evaluation pastes patches of the image onto a blank, those first where the map is strongest (insertion), removes them from the image in the same order (deletion), and measures the class probability after each step. ",
        "PID is the area between the two curves: a high PID means the map marks what the network relies on.")),
    this.source.node,
    this.columns = element("div", { class: "columns" }, this.formCard, element("div", { class: "panel" }, this.previews, this.recent.node)));
    this.recent.load();
    this.reads = 0;
    this.upload = session.prediction?.upload ?? null;
    this.form = null; // until the models are loaded
    this.load().catch((error) => this.fail(error));
  }

  async load() {
    if (!(await allows("evaluate"))) {
      this.source.node.remove();
      this.columns.replaceWith(evaluateScopeNotice());
      return;
    }
    const models = await allModels();
    this.showForm(models.find((model) => reference(model) === session.model) ?? models[0], models);
    if (this.upload) this.use(this.upload);
  }

  /** Show the form for a model. */
  showForm(model, models) {
    this.source.showExamples([model]);
    this.estimate = new Estimate(model, session.inferMs);
    this.problem = element("div");
    this.start = element("button", { type: "button", class: "primary", onclick: () => this.submit(model) }, "Evaluate");
    this.form = new RequestForm(model, { onchange: () => this.updateEstimate() });
    this.formCard.replaceChildren(...[
      models.length > 1 && select("Model", models.map((one) => [reference(one), one.name]), reference(model), (chosen) => {
        this.showForm(models.find((one) => reference(one) === chosen), models);
      }),
      this.form.node, this.mask.node, this.problem,
      element("div", { class: "start" }, this.start, this.estimate.node), this.form.glossary,
    ].filter(Boolean));
    this.updateEstimate();
    this.estimate.load().then(() => this.updateEstimate(), () => {}); // the list of recent evaluations reports the error
  }

  /** Decode a file and use it, unless the user has chosen another in the meantime. */
  async read(blob, name) {
    const own = (this.reads += 1);
    const upload = await Upload.of(blob, name);
    if (own === this.reads) this.use(upload);
  }

  use(upload) {
    this.upload = upload;
    this.mask.clear(); // it belongs to the previous image
    this.updateEstimate();
  }

  /** Show the image and its mask, and remove an error about previous ones. */
  showPreviews() {
    this.problem?.replaceChildren();
    this.previews.replaceChildren(...[this.upload, this.mask.upload].filter(Boolean).map(preview));
  }

  /** Update the estimate and enable the button if the form is complete. */
  updateEstimate() {
    if (!this.form) return;
    const first = this.upload ? "" : "Choose an image or an example.";
    this.estimate.show(this.form, first);
    this.start.disabled = this.form.missing !== "" || first !== "";
  }

  async submit(model) {
    this.start.disabled = true;
    try {
      const sent = { upload: this.upload, mask: this.mask.upload };
      const { id } = await evaluations.submit(sent.upload, { ...this.form.fields, model: reference(model) }, sent.mask);
      session.evaluated = { id, ...sent };
      location.hash = `#/evaluations/${id}`;
    } catch (error) {
      this.start.disabled = false;
      this.fail(error);
    }
  }

  fail(error) {
    (this.problem ?? this.formCard).replaceChildren(failure(error));
  }
}

function row(evaluation) {
  const { methods, patch_sizes: sizes } = evaluation.request.parameters;
  return element("li", {}, element("a", { href: `#/evaluations/${evaluation.id}` },
    statusMark(evaluation.status),
    element("span", {}, methods.map(methodName).join(", ")),
    element("span", { class: "faint" }, `${patchSizesText(sizes)} · ${evaluation.request.model.name} · `, timeAgo(evaluation.created_at))));
}

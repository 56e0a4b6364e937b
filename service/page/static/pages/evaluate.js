// How far can a map be trusted? An image and what to measure in, a job out.
import { evaluations } from "../api/evaluations.js";
import { allModels, reference } from "../api/models.js";
import { allows } from "../api/scopes.js";
import { element } from "../parts/element.js";
import { Estimate } from "../parts/estimate.js";
import { MaskField } from "../parts/mask_field.js";
import { methodName } from "../parts/methods.js";
import { moment } from "../parts/moment.js";
import { failure, locked } from "../parts/notice.js";
import { preview } from "../parts/preview.js";
import { Recent } from "../parts/recent.js";
import { RequestForm } from "../parts/request_form.js";
import { select } from "../parts/select.js";
import { Source } from "../parts/source.js";
import { statusMark } from "../parts/status_mark.js";
import { Upload } from "../picture/upload.js";
import { session } from "../session.js";

/** Show the page; returns how to end it. */
export function show(main) {
  const page = new EvaluatePage(main);
  return () => page.source.close();
}

class EvaluatePage {
  constructor(main) {
    this.source = new Source({ onfile: (...given) => this.read(...given), onproblem: (error) => this.fail(error) });
    this.source.shrink(true);
    this.shown = element("div", { class: "previews" });
    this.mask = new MaskField({ onchange: () => this.preview() });
    this.questions = element("section", { class: "card questions" });
    this.recent = new Recent("Recent evaluations", async (cursor) => {
      const { evaluations: found, next_cursor: next } = await evaluations.list(cursor);
      return { rows: found.map(row), cursor: next };
    }, "None yet.");
    main.append(element("div", { class: "heading" }, element("h1", {}, "How far can the map be trusted?"),
      element("p", { class: "hint" }, "Patches of the image are put onto a blank, those first where the map is strongest (insertion), and taken away in the same order (deletion). ",
        "The area between the two curves, PID, is high where the map tells what the network goes by.")),
    this.source.node,
    this.columns = element("div", { class: "columns" }, this.questions, element("div", { class: "panel" }, this.shown, this.recent.node)));
    this.recent.load();
    this.given = 0;
    this.upload = session.prediction?.upload ?? null;
    this.form = null; // until the models are known
    this.begin().catch((error) => this.fail(error));
  }

  async begin() {
    if (!(await allows("evaluate"))) {
      this.source.node.remove();
      this.columns.replaceWith(locked());
      return;
    }
    const models = await allModels();
    this.ask(models.find((model) => reference(model) === session.model) ?? models[0], models);
    if (this.upload) this.take(this.upload);
  }

  /** Ask what to measure with a model. */
  ask(model, models) {
    this.source.offer([model]);
    this.estimate = new Estimate(model);
    this.problem = element("div");
    this.start = element("button", { type: "button", class: "primary", onclick: () => this.submit(model) }, "Evaluate");
    this.form = new RequestForm(model, { onchange: () => this.say() });
    this.questions.replaceChildren(...[
      models.length > 1 && select("Model", models.map((one) => [reference(one), one.name]), reference(model), (chosen) => {
        this.ask(models.find((one) => reference(one) === chosen), models);
      }),
      this.form.node, this.mask.node, this.problem,
      element("div", { class: "start" }, this.start, this.estimate.node),
    ].filter(Boolean));
    this.say();
    this.estimate.look().then(() => this.say(), () => {}); // the list beside it says why
  }

  /** Take a file once it is read, unless a later one was read sooner. */
  async read(blob, name) {
    const mine = (this.given += 1);
    const upload = await Upload.of(blob, name);
    if (mine === this.given) this.take(upload);
  }

  take(upload) {
    this.upload = upload;
    this.mask.clear(); // which was of another image
    this.say();
  }

  /** Show the image, and its mask beside it; what was wrong with others is no more. */
  preview() {
    this.problem?.replaceChildren();
    this.shown.replaceChildren(...[this.upload, this.mask.upload].filter(Boolean).map(preview));
  }

  /** Say what it will cost, and let it begin where all is there. */
  say() {
    if (!this.form) return;
    const first = this.upload ? "" : "Choose an image or an example.";
    this.estimate.say(this.form, first);
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
    (this.problem ?? this.questions).replaceChildren(failure(error));
  }
}

function row(evaluation) {
  const { methods, patch_sizes: sizes } = evaluation.request.parameters;
  return element("li", {}, element("a", { href: `#/evaluations/${evaluation.id}` },
    statusMark(evaluation.status),
    element("span", {}, methods.map(methodName).join(", ")),
    element("span", { class: "faint" }, `m = ${sizes.join(", ")} · ${evaluation.request.model.name} · `, moment(evaluation.created_at))));
}

// An image in, what the network made of it out.
import { allModels, reference } from "../api/models.js";
import { Prediction } from "../api/prediction.js";
import { announce } from "../parts/announcer.js";
import { element } from "../parts/element.js";
import { failure } from "../parts/notice.js";
import { percent } from "../parts/probabilities.js";
import { PredictionView } from "../parts/prediction_view.js";
import { select } from "../parts/select.js";
import { Source } from "../parts/source.js";
import { Upload } from "../picture/upload.js";
import { colormaps } from "../picture/colormap.js";
import { session } from "../session.js";

const METHODS = [["attention", "Attention branch"], ["lambda_attention", "Lambda layer"]];

/** Show the page; returns how to end it. */
export function show(main) {
  const page = new PredictPage(main);
  return () => page.close();
}

class PredictPage {
  constructor(main) {
    this.source = new Source({ onfile: (...given) => this.take(...given), onproblem: (error) => this.fail(error) });
    this.questions = element("div", { class: "row" });
    this.choices = element("div", { class: "choices" }, this.questions); // until there is a picture with a toolbar
    this.result = element("div", { class: "result" });
    main.append(element("div", { class: "welcome" }, element("h1", {}, "What did the network see?"),
      element("p", {}, "Drop an image: its classes, how sure the network is, and where it looked.")),
    this.source.node, this.choices, this.result);
    Object.assign(this, { asking: new AbortController(), view: null, taken: 0 });
    this.offerQuestions().catch((error) => this.fail(error));
    if (session.prediction) this.show(session.prediction);
  }

  close() {
    this.asking.abort();
    this.source.close();
    this.view?.close();
  }

  /** Which model, which map: only where there is a choice. */
  async offerQuestions() {
    const models = await allModels();
    this.source.offer(models);
    const again = (changed) => {
      Object.assign(session, changed);
      if (session.prediction) this.ask(session.prediction.upload);
    };
    this.questions.replaceChildren(...[
      models.length > 1 && select("Model", models.map((model) => [reference(model), model.name]), session.model ?? reference(models[0]), (model) => again({ model })),
      select("Map", METHODS, session.method, (method) => again({ method })),
    ].filter(Boolean));
  }

  /** Take an image; an example that is for other models than the chosen one chooses one of them. */
  async take(blob, name, channels = null) {
    const mine = (this.taken += 1);
    this.source.shrink(true);
    this.wait(name);
    if (channels) await this.fit(channels);
    const upload = await Upload.of(blob, name);
    if (mine === this.taken) await this.ask(upload); // else a later one was read sooner
  }

  /** Say that there is something to wait for, beneath what was shown before. */
  wait(name) {
    if (this.view) this.result.classList.add("busy");
    else this.result.replaceChildren(element("p", { class: "waiting", role: "status" }, `Looking at ${name} …`));
  }

  async fit(channels) {
    const models = await allModels();
    const chosen = models.find((model) => reference(model) === session.model) ?? models[0]; // the default one
    if (chosen.input.channels === channels) return;
    session.model = reference(models.find((model) => model.input.channels === channels));
    await this.offerQuestions();
  }

  async ask(upload) {
    this.asking.abort();
    this.asking = new AbortController();
    this.wait(upload.name);
    try {
      const { model, method } = session;
      const prediction = await Prediction.of(upload, { model, method, signal: this.asking.signal });
      session.prediction = prediction;
      session.inferMs = prediction.answer.timing_ms.infer;
      await this.show(prediction);
      const { label, probability } = prediction.answer.prediction;
      announce(`${label}, ${percent(probability)}`);
    } catch (error) {
      if (error.name !== "AbortError") this.fail(error, () => this.ask(upload));
    }
  }

  async show(prediction) {
    const [models, tables] = await Promise.all([allModels(), colormaps()]);
    const { name, version } = prediction.answer.model;
    const model = models.find((one) => one.name === name && one.version === version) ?? models[0];
    this.source.shrink(true);
    this.view?.close();
    this.view = new PredictionView(prediction, { model, tables, tools: this.questions });
    this.result.classList.remove("busy");
    this.result.replaceChildren(this.view.node);
  }

  fail(error, again = null) {
    this.result.classList.remove("busy");
    this.view?.close();
    this.view = null;
    this.source.shrink(false);
    this.choices.append(this.questions);
    this.result.replaceChildren(failure(error, again));
  }
}

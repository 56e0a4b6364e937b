// The page that predicts the class of an image and shows its map.
import { allModels, reference } from "../api/models.js";
import { Prediction } from "../api/prediction.js";
import { announce } from "../parts/announcer.js";
import { element } from "../parts/element.js";
import { ImageInput } from "../parts/image_input.js";
import { failure } from "../parts/notice.js";
import { PredictionView } from "../parts/prediction_view.js";
import { percent } from "../parts/probabilities.js";
import { select } from "../parts/select.js";
import { colormaps } from "../picture/colormap.js";
import { Upload } from "../picture/upload.js";
import { session } from "../session.js";

const METHODS = [["attention", "Attention branch"], ["lambda_attention", "Lambda layer"]];

/** Show the page; returns a function that closes it. */
export function show(main) {
  const page = new PredictPage(main);
  return () => page.close();
}

class PredictPage {
  constructor(main) {
    this.source = new ImageInput({ onfile: (...given) => this.read(...given), onproblem: (error) => this.fail(error) });
    this.options = element("div", { class: "row" });
    this.choices = element("div", { class: "choices" }, this.options); // the options move into the viewer's toolbar once there is one
    this.result = element("div", { class: "result" });
    main.append(element("div", { class: "welcome" }, element("h1", {}, "Classify an image"),
      element("p", {}, "Drop an image to see its predicted class, the probabilities, and the regions that the network used.")),
    this.source.node, this.choices, this.result);
    Object.assign(this, { request: new AbortController(), view: null, reads: 0 });
    this.showOptions().catch((error) => this.fail(error));
    if (session.prediction) this.show(session.prediction);
  }

  close() {
    this.request.abort();
    this.source.close();
    this.view?.close();
  }

  /** Offer the models and maps to choose from. */
  async showOptions() {
    const models = await allModels();
    this.source.showExamples(models);
    const change = (changed) => {
      Object.assign(session, changed);
      if (session.prediction) this.ask(session.prediction.upload);
    };
    this.options.replaceChildren(...[
      models.length > 1 && select("Model", models.map((model) => [reference(model), model.name]), session.model ?? reference(models[0]), (model) => change({ model })),
      select("Map", METHODS, session.method, (method) => change({ method })),
    ].filter(Boolean));
  }

  /** Predict an image. An example that does not suit the chosen model switches to one that it suits. */
  async read(blob, name, channels = null) {
    const own = (this.reads += 1);
    this.source.shrink(true);
    this.showWaiting(name);
    if (channels) await this.chooseModelFor(channels);
    const upload = await Upload.of(blob, name);
    if (own === this.reads) await this.ask(upload); // unless the user has chosen another image in the meantime
  }

  /** Show that an answer is being waited for; a previous answer stays visible but dimmed. */
  showWaiting(name) {
    if (this.view) this.result.classList.add("busy");
    else this.result.replaceChildren(element("p", { class: "waiting", role: "status" }, `Classifying ${name} …`));
  }

  async chooseModelFor(channels) {
    const models = await allModels();
    const chosen = models.find((model) => reference(model) === session.model) ?? models[0]; // the default model
    if (chosen.input.channels === channels) return;
    session.model = reference(models.find((model) => model.input.channels === channels));
    await this.showOptions();
  }

  async ask(upload) {
    this.request.abort();
    this.request = new AbortController();
    this.showWaiting(upload.name);
    try {
      const { model, method } = session;
      const prediction = await Prediction.of(upload, { model, method, signal: this.request.signal });
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
    this.view = new PredictionView(prediction, { model, tables, tools: this.options });
    this.result.classList.remove("busy");
    this.result.replaceChildren(this.view.node);
  }

  fail(error, again = null) {
    this.result.classList.remove("busy");
    this.view?.close();
    this.view = null;
    this.source.shrink(false);
    this.choices.append(this.options);
    this.result.replaceChildren(failure(error, again));
  }
}

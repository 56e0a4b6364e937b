// The page of one evaluation: its progress, then its result. The address can be shared.
import { evaluations } from "../api/evaluations.js";
import { isEnded, watch } from "../api/events.js";
import { allModels } from "../api/models.js";
import { announce } from "../parts/announcer.js";
import { copyable } from "../parts/copyable.js";
import { element } from "../parts/element.js";
import { evaluationView } from "../parts/evaluation_view.js";
import { jobErrorTexts } from "../parts/job_error_texts.js";
import { methodName, patchSizesText } from "../parts/methods.js";
import { failure, notice } from "../parts/notice.js";
import { PartialView } from "../parts/partial_view.js";
import { preview } from "../parts/preview.js";
import { Progress, shareDone } from "../parts/progress.js";
import { statusMark } from "../parts/status_mark.js";
import { timeAgo } from "../parts/time.js";
import { colormaps } from "../picture/colormap.js";
import { Upload } from "../picture/upload.js";
import { session } from "../session.js";

const LONGEST_PX = 2048; // longest side of the picture requested from the service

/** Show the page of an evaluation; returns a function that closes it. */
export function show(main, id) {
  const page = new EvaluationPage(main, id);
  page.follow();
  return () => page.close();
}

class EvaluationPage {
  constructor(main, id) {
    this.id = id;
    this.watching = new AbortController();
    this.head = element("div", { class: "heading" }, element("h1", {}, "Evaluation"));
    this.trouble = element("div");
    this.progress = new Progress();
    this.cancelButton = element("button", { type: "button", onclick: () => this.change(() => evaluations.cancel(this.id)) }, "Cancel");
    this.running = element("section", { class: "card running", hidden: true }, element("div", { class: "row" }, this.progress.node, this.cancelButton),
      element("p", { class: "hint" }, "The evaluation continues if you close this page; return to it by its address. Scores and curves appear below as they are measured."));
    this.result = element("div", { class: "result stack" });
    const upload = session.evaluated?.id === id ? session.evaluated.upload : null;
    if (upload?.isShown) this.running.append(preview(upload));
    main.append(this.head, this.trouble, this.running, this.result);
  }

  /** Show every state of the job until it ends. */
  async follow() {
    this.partial = new PartialView(this.id, { onfirst: () => this.result.replaceChildren(this.partial.node) });
    try {
      let state = await evaluations.state(this.id);
      this.update(state);
      if (!isEnded(state)) {
        const onbreak = (problem) => this.trouble.replaceChildren(...(problem ? [failure(problem)] : []));
        for await (state of watch(`v1/evaluations/${this.id}`, this.watching.signal, onbreak)) this.update(state);
        if (isEnded(state)) announce(`Evaluation ${state.status}`);
      }
      if (state.result) await this.present(state);
    } catch (error) {
      if (!this.watching.signal.aborted) this.trouble.replaceChildren(failure(error, () => { this.trouble.replaceChildren(); this.follow(); }));
    }
  }

  /** Show a state. */
  update(state) {
    document.title = `${shareDone(state) ?? state.status} · Evaluation`;
    if (state.status !== this.status) this.showHeading(state); // only then, so that a focused element keeps the focus
    this.status = state.status;
    this.running.hidden = isEnded(state);
    this.progress.show(state.progress, "forward passes");
    if (isEnded(state)) this.partial.close();
    else this.partial.follow(state);
    if (state.status === "failed" || state.status === "cancelled") this.result.replaceChildren(this.failureNotice(state));
  }

  showHeading(state) {
    const { model, parameters } = state.request;
    this.head.replaceChildren(
      element("h1", {}, "Evaluation ", statusMark(state.status)),
      element("p", { class: "hint" }, `${parameters.methods.map(methodName).join(", ")} · ${patchSizesText(parameters.patch_sizes)} · protocol “${parameters.protocol}” · `,
        element("a", { href: `#/models/${model.name}` }, model.name), ` ${model.version} · `, timeAgo(state.created_at)),
      copyable(location.href, "the link to this evaluation"));
  }

  failureNotice(state) {
    const again = session.evaluated?.id === this.id
      && element("button", { type: "button", onclick: () => this.change(() => this.resubmit(state)) }, "Run it again");
    const hint = element("p", {}, again ? "" : element("a", { href: "#/evaluate" }, "Submit the image again to repeat the evaluation."));
    if (state.status === "cancelled") return notice("info", "The evaluation was cancelled and its upload deleted", hint, again);
    const { title, advice } = jobErrorTexts(state.error);
    return notice("bad", title, element("p", { class: "detail" }, state.error.detail), element("p", {}, advice), hint, again);
  }

  /** Send a request that changes the job, then follow the job again. */
  async change(request) {
    this.partial.close(); // the partial result may vanish with this request
    try {
      const state = await request();
      this.update(state);
      if (!isEnded(state)) this.result.replaceChildren();
      this.watching.abort();
      this.watching = new AbortController();
      this.follow();
    } catch (error) {
      this.partial.open();
      this.trouble.replaceChildren(failure(error));
    }
  }

  close() {
    this.watching.abort();
    this.partial.close();
  }

  resubmit({ request: { model, parameters } }) {
    const { methods, patch_sizes: sizes, ...rest } = parameters;
    const { upload, mask } = session.evaluated;
    return evaluations.submit(upload, { ...rest, methods: methods.join(","), patch_sizes: sizes.join(","), model: `${model.name}@${model.version}` }, mask);
  }

  /** Show the result, with the maps and the image if they are still stored. */
  async present(state) {
    this.result.prepend(element("p", { class: "hint", role: "status" }, "Loading the maps …"));
    const names = Object.keys(state.result.methods);
    const [models, tables, source, ...maps] = await Promise.all([allModels(), colormaps(), this.source(names[0]),
      ...names.map((name) => evaluations.map(this.id, name).catch(nullIfGone))]);
    const { name, version } = state.request.model;
    const theta = models.find((model) => model.name === name && model.version === version)?.threshold ?? 0.5;
    const stored = Object.fromEntries(names.map((one, index) => [one, maps[index]]).filter(([, map]) => map));
    if (this.watching.signal.aborted) return;
    this.result.replaceChildren(...(source ? [] : [notice("info", "The image is no longer stored", element("p", {}, "Scores, curves and maps are still available."))]),
      ...evaluationView(state, stored, source, { theta, tables }));
  }

  /** The image: the upload of this tab, otherwise the copy that the service stores, otherwise null. */
  async source(method) {
    const own = session.evaluated;
    if (own?.id === this.id && own.upload.isShown) return own.upload;
    const picture = await evaluations.picture(this.id, method, LONGEST_PX).catch(nullIfGone);
    const upload = picture && await Upload.of(picture, "image.png");
    return upload && isOpaque(upload.bitmap) ? upload : null;
  }
}

function nullIfGone(error) {
  if (error.kind !== "not-there" && error.kind !== "upload-missing") throw error;
  return null;
}

/** Whether a picture shows something: for a deleted upload the service sends a transparent one. */
function isOpaque(bitmap) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.drawImage(bitmap, 0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data[3] > 0;
}

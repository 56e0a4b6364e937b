// One evaluation: how far it is, then what it found. The address can be shared.
import { evaluations } from "../api/evaluations.js";
import { isEnded, watch } from "../api/events.js";
import { allModels } from "../api/models.js";
import { announce } from "../parts/announcer.js";
import { copyable } from "../parts/copyable.js";
import { element } from "../parts/element.js";
import { evaluationView } from "../parts/evaluation_view.js";
import { jobWords } from "../parts/job_words.js";
import { methodName } from "../parts/methods.js";
import { moment } from "../parts/moment.js";
import { failure, notice } from "../parts/notice.js";
import { PartialView } from "../parts/partial_view.js";
import { preview } from "../parts/preview.js";
import { Progress, shareDone } from "../parts/progress.js";
import { statusMark } from "../parts/status_mark.js";
import { colormaps } from "../picture/colormap.js";
import { Upload } from "../picture/upload.js";
import { session } from "../session.js";

const LONGEST_PX = 2048; // of the picture that the service is asked for

/** Show the page of an evaluation; returns how to end it. */
export function show(main, id) {
  const page = new EvaluationPage(main, id);
  page.follow();
  return () => page.leave();
}

class EvaluationPage {
  constructor(main, id) {
    this.id = id;
    this.watching = new AbortController();
    this.head = element("div", { class: "heading" }, element("h1", {}, "Evaluation"));
    this.trouble = element("div");
    this.progress = new Progress();
    this.end = element("button", { type: "button", onclick: () => this.act(() => evaluations.cancel(this.id)) }, "Cancel");
    this.running = element("section", { class: "card running", hidden: true }, element("div", { class: "row" }, this.progress.node, this.end),
      element("p", { class: "hint" }, "You may close this page and come back by its address: the work goes on. Scores and curves appear below as they are measured."));
    this.result = element("div", { class: "result stack" });
    const mine = session.evaluated?.id === id ? session.evaluated.upload : null;
    if (mine?.isShown) this.running.append(preview(mine));
    main.append(this.head, this.trouble, this.running, this.result);
  }

  /** Show each state until the last. */
  async follow() {
    this.partial = new PartialView(this.id, { onfirst: () => this.result.replaceChildren(this.partial.node) });
    try {
      let state = await evaluations.state(this.id);
      this.update(state);
      if (!isEnded(state)) {
        const breaking = (problem) => this.trouble.replaceChildren(...(problem ? [failure(problem)] : []));
        for await (state of watch(`v1/evaluations/${this.id}`, this.watching.signal, breaking)) this.update(state);
        if (isEnded(state)) announce(`The evaluation has ${state.status}`);
      }
      if (state.result) await this.present(state);
    } catch (error) {
      if (!this.watching.signal.aborted) this.trouble.replaceChildren(failure(error, () => { this.trouble.replaceChildren(); this.follow(); }));
    }
  }

  /** Say where it stands. */
  update(state) {
    document.title = `${shareDone(state) ?? state.status} · Evaluation`;
    if (state.status !== this.status) this.name(state); // else what has the focus loses it
    this.status = state.status;
    this.running.hidden = isEnded(state);
    this.progress.show(state.progress, "forwards");
    if (isEnded(state)) this.partial.close();
    else this.partial.follow(state);
    if (state.status === "failed" || state.status === "cancelled") this.result.replaceChildren(this.ended(state));
  }

  name(state) {
    const { model, parameters } = state.request;
    this.head.replaceChildren(
      element("h1", {}, "Evaluation ", statusMark(state.status)),
      element("p", { class: "hint" }, `${parameters.methods.map(methodName).join(", ")} · m = ${parameters.patch_sizes.join(", ")} · protocol “${parameters.protocol}” · `,
        element("a", { href: `#/models/${model.name}` }, model.name), ` ${model.version} · `, moment(state.created_at)),
      copyable(location.href, "the link to this evaluation"));
  }

  ended(state) {
    const again = session.evaluated?.id === this.id
      && element("button", { type: "button", onclick: () => this.act(() => this.resubmit(state)) }, "Run it again");
    const hint = element("p", {}, again ? "" : element("a", { href: "#/evaluate" }, "Send the image again to run it anew."));
    if (state.status === "cancelled") return notice("info", "It was cancelled, and its upload erased", hint, again);
    const { title, todo } = jobWords(state.error);
    return notice("bad", title, element("p", { class: "detail" }, state.error.detail), element("p", {}, todo), hint, again);
  }

  /** Do something to the job, and follow it from there. */
  async act(what) {
    this.partial.close(); // what it asks for may not be there any more when it is answered
    try {
      const state = await what();
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

  leave() {
    this.watching.abort();
    this.partial.close();
  }

  resubmit({ request: { model, parameters } }) {
    const { methods, patch_sizes: sizes, ...rest } = parameters;
    const { upload, mask } = session.evaluated;
    return evaluations.submit(upload, { ...rest, methods: methods.join(","), patch_sizes: sizes.join(","), model: `${model.name}@${model.version}` }, mask);
  }

  /** Show the result, with the maps and the image as far as they are kept. */
  async present(state) {
    this.result.prepend(element("p", { class: "hint", role: "status" }, "Loading the maps …"));
    const names = Object.keys(state.result.methods);
    const [models, tables, source, ...maps] = await Promise.all([allModels(), colormaps(), this.source(names[0]),
      ...names.map((name) => evaluations.map(this.id, name).catch(ifGone(null)))]);
    const { name, version } = state.request.model;
    const theta = models.find((model) => model.name === name && model.version === version)?.threshold ?? 0.5;
    const kept = Object.fromEntries(names.map((one, index) => [one, maps[index]]).filter(([, map]) => map));
    if (this.watching.signal.aborted) return;
    this.result.replaceChildren(...(source ? [] : [notice("info", "The image is not kept any more", element("p", {}, "Scores, curves and maps are."))]),
      ...evaluationView(state, kept, source, { theta, tables }));
  }

  /** The image: this tab's own, else the service's while it keeps uploads, else null. */
  async source(method) {
    const mine = session.evaluated;
    if (mine?.id === this.id && mine.upload.isShown) return mine.upload;
    const picture = await evaluations.picture(this.id, method, LONGEST_PX).catch(ifGone(null));
    const upload = picture && await Upload.of(picture, "image.png");
    return upload && isOpaque(upload.bitmap) ? upload : null;
  }
}

function ifGone(instead) {
  return (error) => {
    if (error.kind !== "not-there" && error.kind !== "upload-missing") throw error;
    return instead;
  };
}

/** An upload that is not kept comes as a picture of nothing. */
function isOpaque(bitmap) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.drawImage(bitmap, 0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data[3] > 0;
}

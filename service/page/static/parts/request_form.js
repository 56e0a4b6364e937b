// What to measure of an image or a set: the fields of an evaluation, with presets.
import { forwards } from "../api/cost.js";
import { checks } from "./checks.js";
import { choice, choose } from "./choice.js";
import { element } from "./element.js";
import { METHODS } from "./methods.js";
import { number } from "./number.js";
import { select } from "./select.js";

const SIZES = [1, 2, 4, 8, 16, 32, 64, 128];
const PRESETS = {
  quick: ["Quick look", { methods: ["attention", "grad_cam", "random"], sizes: [16, 32] }],
  paper: ["As in the paper", { methods: ["attention", "lambda_attention", "rise"], sizes: [1, 2, 4, 8, 16] }],
  all: ["Everything", { methods: Object.keys(METHODS), sizes: [1, 2, 4, 8, 16, 32] }],
};
const PROTOCOLS = [["paper", "Paper"], ["published", "Published code"]];
const STEPS = [["auto", "where the curves bend"], ["recommended", "the authors'"], ["exact", "every count"]];
const BLANKS = [["black", "black"], ["mean", "the training set's mean"], ["blur", "the image blurred"]];

/** The form of a model's evaluations; `onchange` is told whenever an answer changes. */
export class RequestForm {
  constructor(model, { onchange }) {
    this.model = model;
    const sizes = SIZES.filter((m) => m <= Math.max(model.input.height, model.input.width) / 2).map(String);
    const first = PRESETS.quick[1];
    Object.assign(this, { protocol: "paper", step: "auto", blank: "black", target: "" });
    const byHand = () => {
      choose(preset, null);
      onchange();
    };
    const take = (name) => (value) => { this[name] = value; onchange(); };
    this.methods = checks("Methods", Object.entries(METHODS).map(([name, words]) => [name, ...words]), first.methods, byHand);
    this.sizes = checks("Patch sizes m, in pixels", sizes.map((m) => [m, m]), first.sizes.map(String), byHand, "checks chips");
    this.masks = number("RISE masks", { value: 4000, least: 1, most: 100000, onchange });
    this.orders = number("Random orders", { value: 0, most: 1000, hint: "behind a band of what chance gives; 0: none", onchange });
    this.seed = number("Seed", { value: 0, onchange });
    const targets = [["", "the predicted class"], ...model.labels.map((label) => [label, label])];
    const preset = choice("How much", Object.entries(PRESETS).map(([name, [title]]) => [name, title]), "quick", (name) => {
      this.methods.set(PRESETS[name][1].methods);
      this.sizes.set(PRESETS[name][1].sizes.map(String));
      onchange();
    });
    this.node = element("div", { class: "request" }, preset, this.methods.node, this.sizes.node,
      element("details", {}, element("summary", {}, "Protocol, steps, blank and more"), element("div", { class: "fields" },
        choice("Protocol", PROTOCOLS, "paper", take("protocol")),
        select("Steps", STEPS, "auto", take("step")), select("Blank", BLANKS, "black", take("blank")),
        select("Target", targets, "", take("target")),
        this.masks.node, this.orders.node, this.seed.node)));
  }

  /** About how many forwards it takes; NaN where a field is empty. */
  get forwards() {
    const step = this.step === "exact" ? 1 : this.step;
    return forwards({ methods: this.methods.chosen(), patchSizes: this.sizes.chosen().map(Number), protocol: this.protocol, step,
      riseMasks: this.masks.value(), randomOrders: this.orders.value() }, this.model.input);
  }

  /** What is missing, in words; empty where nothing is. */
  get missing() {
    if (!this.methods.chosen().length) return "Choose a method.";
    if (!this.sizes.chosen().length) return "Choose a patch size.";
    return Number.isNaN(this.forwards) || Number.isNaN(this.seed.value()) ? "A number is missing." : "";
  }

  /** The fields as the API has them. */
  get fields() {
    return { methods: this.methods.chosen().join(","), patch_sizes: this.sizes.chosen().join(","), protocol: this.protocol,
      step: this.step === "exact" ? 1 : this.step, blank: this.blank, target: this.target,
      rise_masks: this.masks.value(), random_orders: this.orders.value(), seed: this.seed.value() };
  }
}

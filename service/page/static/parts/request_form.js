// The form for an evaluation of an image or a set, with presets.
import { forwards } from "../api/cost.js";
import { checks } from "./checks.js";
import { choice, choose } from "./choice.js";
import { element } from "./element.js";
import { glossary } from "./glossary.js";
import { METHODS } from "./methods.js";
import { number } from "./number.js";
import { select } from "./select.js";

const SIZES = [1, 2, 4, 8, 16, 32, 64, 128];
const PRESETS = {
  quick: ["Quick", { methods: ["attention", "grad_cam", "random"], sizes: [16, 32] }],
  paper: ["As in the paper", { methods: ["attention", "lambda_attention", "rise"], sizes: [1, 2, 4, 8, 16] }],
  all: ["Everything", { methods: Object.keys(METHODS), sizes: [1, 2, 4, 8, 16, 32] }],
};
const PROTOCOLS = [["paper", "Paper"], ["published", "Published code"]];
const STEPS = [["auto", "adaptive: denser where the curves bend"], ["recommended", "the authors' interval"], ["exact", "every patch count"]];
const BLANKS = [["black", "black"], ["mean", "mean of the training images"], ["blur", "blurred image"]];

/** The form for evaluations with a model; `onchange` is called after each change. */
export class RequestForm {
  constructor(model, { onchange }) {
    this.model = model;
    const sizes = SIZES.filter((m) => m <= Math.max(model.input.height, model.input.width) / 2).map(String);
    const first = PRESETS.quick[1];
    Object.assign(this, { protocol: "paper", step: "auto", blank: "black", target: "" });
    const onCustomChoice = () => {
      choose(preset, null);
      onchange();
    };
    const setter = (name) => (value) => { this[name] = value; onchange(); };
    this.methods = checks("Methods", Object.entries(METHODS).map(([name, words]) => [name, ...words]), first.methods, onCustomChoice);
    this.sizes = checks("Patch sizes in pixels", sizes.map((m) => [m, m]), first.sizes.map(String), onCustomChoice, "checks chips");
    this.masks = number("RISE masks", { value: 4000, least: 1, most: 100000, onchange });
    this.orders = number("Random orders for the chance band (0: no band)", { value: 0, most: 1000, onchange });
    this.seed = number("Random seed", { value: 0, onchange });
    const targets = [["", "predicted class"], ...model.labels.map((label) => [label, label])];
    const preset = choice("Preset", Object.entries(PRESETS).map(([name, [title]]) => [name, title]), "quick", (name) => {
      this.methods.set(PRESETS[name][1].methods);
      this.sizes.set(PRESETS[name][1].sizes.map(String));
      onchange();
    });
    this.node = element("div", { class: "request" }, preset, this.methods.node, this.sizes.node,
      element("details", {}, element("summary", {}, "Advanced: protocol, steps, blank and more"), element("div", { class: "fields" },
        choice("Protocol", PROTOCOLS, "paper", setter("protocol")),
        select("Steps", STEPS, "auto", setter("step")), select("Blank", BLANKS, "black", setter("blank")),
        select("Target class", targets, "", setter("target")),
        this.masks.node, this.orders.node, this.seed.node)));
    this.glossary = glossary("PID", "patch size", "forward passes", "protocol", "steps", "blank", "random band");
  }

  /** The estimated number of forward passes; NaN if a field is empty. */
  get forwards() {
    const step = this.step === "exact" ? 1 : this.step;
    return forwards({ methods: this.methods.chosen(), patchSizes: this.sizes.chosen().map(Number), protocol: this.protocol, step,
      riseMasks: this.masks.value(), randomOrders: this.orders.value() }, this.model.input);
  }

  /** What the user still has to enter, empty if the form is complete. */
  get missing() {
    if (!this.methods.chosen().length) return "Choose at least one method.";
    if (!this.sizes.chosen().length) return "Choose at least one patch size.";
    return Number.isNaN(this.forwards) || Number.isNaN(this.seed.value()) ? "Fill in all number fields." : "";
  }

  /** The form fields of the API request. */
  get fields() {
    return { methods: this.methods.chosen().join(","), patch_sizes: this.sizes.chosen().join(","), protocol: this.protocol,
      step: this.step === "exact" ? 1 : this.step, blank: this.blank, target: this.target,
      rise_masks: this.masks.value(), random_orders: this.orders.value(), seed: this.seed.value() };
  }
}

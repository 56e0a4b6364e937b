// Definitions of the terms on the page: as tooltips of table headings and as a list that opens.
import { element } from "./element.js";

const TERMS = {
  PID: "Patch insertion-deletion score: the area under the insertion curve minus the area under the deletion curve, between −1 and 1. A high PID means the map marks what the network relies on; an uninformative map scores about 0.",
  insertion: "Area under the curve of the target's probability while patches of the image are pasted onto the blank, those first where the map is strongest. Higher is better.",
  deletion: "Area under the curve while patches are removed from the image in the same order. Lower is better.",
  "patch size": "Side of a square patch in pixels of the network's input, called m in the paper. Small patches test fine detail, large patches test regions.",
  "± estimate": "Estimated error of the PID that comes from measuring the curves at selected patch counts only. Zero if every count is measured; not available under the published protocol.",
  tied: "Share of patches with exactly the same map value as another patch, so that the map alone does not order them. Many ties make a score less meaningful.",
  "forward passes": "Number of perturbed images that the network classified for this score; it determines the run time.",
  "random band": "Range that contains 95 % of the PIDs of random patch orders. A PID inside the band is no better than chance.",
  blank: "The image without information that patches are pasted onto or replaced with: black, the mean colour of the training images, or the blurred image.",
  protocol: "How a score is computed: as the paper defines it, or as the authors' published code does, which inserts patches of equal map value together.",
  steps: "Patch counts at which the curves are measured: at all of them, at the authors' fixed interval, or more densely where the curves bend.",
  threshold: "θ: the network's attention branch sets features to 0 where the map is at or below this value. Moving the slider changes only the display.",
  coverage: "Share of the map's cells with a value above the threshold.",
};

/** The definition of a term; undefined for other words. */
export function definition(term) {
  return TERMS[term];
}

/** Column headings, with a tooltip where the heading is a defined term. */
export function headings(titles) {
  return titles.map((title) => element("th", { scope: "col", title: definition(title) }, title));
}

/** A list of definitions that opens on request. */
export function glossary(...terms) {
  return element("details", { class: "glossary" }, element("summary", {}, "What these terms mean"),
    element("dl", {}, terms.map((term) => element("div", {}, element("dt", {}, term), element("dd", {}, definition(term))))));
}

// The page of the served models: configuration, training and accuracy.
import { allModels, reference } from "../api/models.js";
import { element } from "../parts/element.js";
import { failure } from "../parts/notice.js";

/** Show the page with the chosen model opened, by default the default model; returns a function that closes it. */
export function show(main, chosen) {
  main.append(element("h1", {}, "Models"));
  allModels().then(
    (models) => {
      const found = models.some((model) => [model.name, reference(model)].includes(chosen)) ? chosen : models[0].name;
      main.append(...models.map((model) => card(model, [model.name, reference(model)].includes(found))));
    },
    (error) => main.append(failure(error)));
  return () => {};
}

function card(model, isOpen) {
  const { evaluations, training, data, commands, ...rest } = model.card;
  return element("details", { class: "card model", open: isOpen, id: model.name },
    element("summary", {}, element("h2", {}, model.name), model.default && element("span", { class: "mark succeeded" }, "default")),
    facts({ version: model.version, preset: model.preset, classes: model.labels.join(", "), "threshold θ": model.threshold,
      input: `${model.input.channels} × ${model.input.height} × ${model.input.width} px` }),
    evaluations && figures(evaluations),
    data && element("section", {}, element("h3", {}, "Data"), facts(typeof data === "object" ? flat(data, model.labels) : { data })),
    commands && element("section", {}, element("h3", {}, "Training commands"), element("pre", { tabindex: 0 }, [commands].flat().join("\n"))),
    element("details", {}, element("summary", {}, "Full model card"), element("pre", { tabindex: 0 }, JSON.stringify({ ...rest, training, data, evaluations }, null, 1))));
}

function facts(pairs) {
  return element("dl", {}, Object.entries(pairs).map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, String(value)))));
}

/** Write counts by class, keyed by class index, as one line each. */
function flat(document, labels) {
  const line = (value) => Object.entries(value).map(([key, count]) => `${labels[key] ?? key}: ${count}`).join(", ");
  return Object.fromEntries(Object.entries(document).map(([name, value]) =>
    [name, value && typeof value === "object" && !Array.isArray(value) ? line(value) : value]));
}

/** A table of metrics with intervals, one column per data split. */
function figures(evaluations) {
  const splits = Object.entries(evaluations);
  const names = Object.keys(splits[0][1]).filter((name) => splits[0][1][name]?.value !== undefined);
  const calibrated = splits.some(([, { calibration }]) => calibration);
  const interval = (figure) => (figure ? [figure.value.toFixed(3), element("small", {}, `${figure.low.toFixed(3)} to ${figure.high.toFixed(3)}`)] : "–");
  return element("section", {}, element("h3", {}, "Metrics with 95 % confidence intervals"), element("div", { class: "scroll" }, element("table", { class: "means" },
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, ""), splits.map(([split, { images, positives }]) =>
      element("th", { scope: "col" }, split, element("small", {}, `${images} images, ${positives} positive`))))),
    element("tbody", {}, names.map((name) => element("tr", {}, element("th", { scope: "row" }, name.replaceAll("_", " ").replace("auroc", "AUROC")),
      splits.map(([, found]) => element("td", {}, interval(found[name]))))),
    calibrated && element("tr", {}, element("th", { scope: "row" }, "calibration error", element("small", {}, "expected difference between predicted probability and observed frequency")),
      splits.map(([, { calibration: found }]) => element("td", {}, found ? found.expected_calibration_error.toFixed(3) : "–")))))));
}

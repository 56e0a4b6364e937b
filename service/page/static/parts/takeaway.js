// What a person takes away from a prediction: overlay, map, JSON, the image itself, the curl line.
import { copyable } from "./copyable.js";
import { element } from "./element.js";
import { saveButton, stem } from "./saving.js";

/** Buttons and the curl line for a prediction; `layer()` gives the map as it is drawn now. */
export function takeaway(prediction, layer) {
  const name = stem(prediction.upload.name);
  return element("section", { class: "card" }, element("h2", {}, "Download"),
    element("div", { class: "row" },
      saveButton("Overlay", `${name}.overlay.png`, () => overlay(prediction.upload, layer())),
      saveButton("Map", `${name}.map.png`, () => layer().picture.convertToBlob()),
      saveButton("JSON", `${name}.json`, () => new Blob([prediction.text], { type: "application/json" })),
      saveButton("Image", prediction.upload.name, () => prediction.upload.blob)), // the curl line needs it
    element("h3", {}, "The same request from a terminal"),
    copyable(prediction.curl, "the curl line"));
}

/** The image at its own size, as far as the browser keeps it, with the map over it. */
function overlay(upload, { picture, region, opacity }) {
  const { bitmap } = upload;
  const scale = bitmap.width / upload.width;
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  context.globalAlpha = opacity;
  context.drawImage(picture, region.left * scale, region.top * scale, region.width * scale, region.height * scale);
  return canvas.convertToBlob();
}

// Downloads of a prediction: overlay, map, JSON, the image, and the curl command.
import { copyable } from "./copyable.js";
import { element } from "./element.js";
import { saveButton, stem } from "./save_button.js";

/** The download card; `layer()` returns the map as currently drawn. */
export function downloads(prediction, layer) {
  const name = stem(prediction.upload.name);
  return element("section", { class: "card" }, element("h2", {}, "Download"),
    element("div", { class: "row" },
      saveButton("Overlay", `${name}.overlay.png`, () => overlay(prediction.upload, layer())),
      saveButton("Map", `${name}.map.png`, () => layer().picture.convertToBlob()),
      saveButton("JSON", `${name}.json`, () => new Blob([prediction.text], { type: "application/json" })),
      saveButton("Image", prediction.upload.name, () => prediction.upload.blob)), // the curl command reads it
    element("h3", {}, "The same request with curl"),
    copyable(prediction.curl, "the curl command"));
}

/** The image with the map over it, at the resolution of the decoded bitmap. */
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

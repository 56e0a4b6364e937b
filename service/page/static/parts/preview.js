// A small picture of an upload.
import { element } from "./element.js";

/** A figure with the upload's picture and file name. */
export function preview(upload) {
  const picture = element("canvas", { role: "img", "aria-label": upload.name });
  if (upload.isShown) {
    picture.width = upload.bitmap.width;
    picture.height = upload.bitmap.height;
    picture.getContext("2d").drawImage(upload.bitmap, 0, 0);
  }
  return element("figure", { class: "preview" }, picture, element("figcaption", {}, upload.name));
}

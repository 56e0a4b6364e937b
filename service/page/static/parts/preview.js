// An image as it is, small.
import { element } from "./element.js";

/** A picture of an upload with its name. */
export function preview(upload) {
  const picture = element("canvas", { role: "img", "aria-label": upload.name });
  if (upload.isShown) {
    picture.width = upload.bitmap.width;
    picture.height = upload.bitmap.height;
    picture.getContext("2d").drawImage(upload.bitmap, 0, 0);
  }
  return element("figure", { class: "preview" }, picture, element("figcaption", {}, upload.name));
}

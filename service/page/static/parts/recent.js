// A list of jobs that grows on request.
import { allows } from "../api/scopes.js";
import { element } from "./element.js";
import { failure } from "./notice.js";

const FOR_ADMINS = "What everybody has asked for is listed for keys of scope admin. Keep the address of what you start: it leads back to it.";

/** A list; `ask(cursor)` gives {rows, cursor}, each row an element li. */
export class Recent {
  constructor(title, ask, emptyText) {
    Object.assign(this, { ask, emptyText });
    this.rows = element("ul", { class: "jobs" });
    this.more = element("button", { type: "button", hidden: true, onclick: () => this.load(this.cursor) }, "Show more");
    this.node = element("section", { class: "card" }, element("h2", {}, title), this.rows, this.more);
  }

  /** Show a page of it; the first one anew. */
  async load(cursor = null) {
    try {
      if (!(await allows("admin"))) {
        this.rows.replaceChildren(element("li", { class: "hint" }, FOR_ADMINS));
        return;
      }
      const found = await this.ask(cursor);
      this.cursor = found.cursor;
      if (cursor === null) this.rows.replaceChildren();
      this.rows.append(...found.rows);
      if (!this.rows.children.length) this.rows.append(element("li", { class: "faint" }, this.emptyText));
      this.more.hidden = this.cursor === null;
    } catch (error) {
      this.rows.replaceChildren(element("li", {}, failure(error, () => this.load())));
    }
  }
}

// A list of recent jobs, loaded page by page.
import { allows } from "../api/scopes.js";
import { element } from "./element.js";
import { failure } from "./notice.js";

const FOR_ADMINS = "Only keys with the scope admin can list jobs. Save the address of a job that you start to return to it.";

/** A list of jobs; `ask(cursor)` resolves to {rows, cursor}, each row an li element. */
export class RecentJobs {
  constructor(title, ask, emptyText) {
    Object.assign(this, { ask, emptyText });
    this.rows = element("ul", { class: "jobs" });
    this.more = element("button", { type: "button", hidden: true, onclick: () => this.load(this.cursor) }, "Show more");
    this.node = element("section", { class: "card" }, element("h2", {}, title), this.rows, this.more);
  }

  /** Append a page; without a cursor, show the first page anew. */
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

// An error answer of the service, or a failure to reach it.

const TEMPORARY = ["unreachable", "queue-away", "not-ready", "queue-full", "rate-limited", "upload-too-slow", "unexpected"];

/** An RFC 9457 problem. `kind` is the last part of its type; "unreachable", "unreadable", "updated" and "not-an-image" are the page's own. */
export class Problem extends Error {
  constructor({ kind, title = "", detail = "", status = 0, retryAfter = null, request = null }) {
    super(detail || title || kind);
    Object.assign(this, { kind, title, detail, status, retryAfter, request });
  }

  /** Whether the same request may succeed later. */
  get isTemporary() {
    return TEMPORARY.includes(this.kind);
  }

  /** Parse a response, which may come from a proxy and be no problem document. */
  static async of(response) {
    const document = await response.json().catch(() => ({}));
    return new Problem({
      kind: (document.type ?? "").split(":").pop() || `status-${response.status}`,
      title: document.title ?? `HTTP status ${response.status}`,
      detail: document.detail ?? "",
      status: response.status,
      retryAfter: Number(response.headers.get("Retry-After")) || null,
      request: response.headers.get("X-Request-Id"),
    });
  }
}

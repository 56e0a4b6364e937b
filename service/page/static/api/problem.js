// What the service refused, or that it could not be reached.

const PASSING = ["unreachable", "queue-away", "not-ready", "queue-full", "rate-limited", "upload-too-slow", "unexpected"];

/** An RFC 9457 problem. Kinds are the last part of its type; "unreachable" and "unreadable" are the page's own. */
export class Problem extends Error {
  constructor({ kind, title = "", detail = "", status = 0, retryAfter = null, request = null }) {
    super(detail || title || kind);
    Object.assign(this, { kind, title, detail, status, retryAfter, request });
  }

  /** Whether the same request may work later. */
  get isPassing() {
    return PASSING.includes(this.kind);
  }

  /** Read it from an answer, which may be a proxy's and no problem document at all. */
  static async of(response) {
    const document = await response.json().catch(() => ({}));
    return new Problem({
      kind: (document.type ?? "").split(":").pop() || `status-${response.status}`,
      title: document.title ?? `Answer ${response.status}`,
      detail: document.detail ?? "",
      status: response.status,
      retryAfter: Number(response.headers.get("Retry-After")) || null,
      request: response.headers.get("X-Request-Id"),
    });
  }
}

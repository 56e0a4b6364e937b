// Announcements for screen readers when something changes elsewhere on the page.

/** Announce a text after the current speech. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

// What a screen reader is told when something happens elsewhere on the page.

/** Say it once the reader has finished what it says now. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

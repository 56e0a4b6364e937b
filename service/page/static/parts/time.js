// Times and durations as text.
import { element } from "./element.js";

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** A time relative to now ("5 minutes ago"), with the exact time as a tooltip. */
export function timeAgo(text) {
  const seconds = (Date.parse(text) - Date.now()) / 1000;
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / length), unit);
  return element("time", { datetime: text, title: new Date(text).toLocaleString() }, words);
}

/** A duration rounded for reading, such as "40 s" or "3 min". */
export function duration(seconds) {
  if (seconds < 1.5) return "1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

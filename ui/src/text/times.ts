// Times as people say them: near ones by distance, others by clock or calendar, in the human's zone.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const secondsFormat = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const dayFormat = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const wholeFormat = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const datedFormat = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
});

/** `40 s`, `2 min`, `3 h`, `5 days`. */
export function span(ms: number): string {
  const past = Math.max(0, ms);
  if (past < MINUTE) return `${Math.floor(past / SECOND)} s`;
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min`;
  if (past < 2 * DAY) return `${Math.floor(past / HOUR)} h`;
  return `${Math.floor(past / DAY)} days`;
}

/** `40 s ago`. */
export function ago(time: string, now: number): string {
  return `${span(now - Date.parse(time))} ago`;
}

/** `10:02`. */
export function clock(time: string | number): string {
  return clockFormat.format(new Date(time));
}

/** `09:48:51`. */
export function clockSeconds(time: string): string {
  return secondsFormat.format(new Date(time));
}

/** `09:48:51` today, `Fri 20 Nov, 09:48` on another day. */
export function moment(time: string, now: number): string {
  return sameDay(time, now) ? clockSeconds(time) : until(time, now);
}

/** `10:02` today, `Fri 27 Nov, 18:00` on another day. */
export function until(time: string, now: number): string {
  return sameDay(time, now)
    ? clock(time)
    : `${dayFormat.format(new Date(time)).replace(",", "")}, ${clock(time)}`;
}

/** `Friday 27 November at 18:00`: dates are whole in deeds. */
export function wholeDate(time: string | number): string {
  return `${wholeFormat.format(new Date(time)).replace(",", "")} at ${clock(time)}`;
}

/** `12 Nov`, for a delegation's name. */
export function shortDay(time: string): string {
  return dayFormat.format(new Date(time)).replace(/^\w+,? /, "");
}

/** `Fri 20 Nov 2026, 09:47:40.118432`: a receipt's moment, to the microsecond. */
export function exact(time: string): string {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? "";
  const dated = datedFormat.format(new Date(time)).replace(",", "");
  return `${dated}, ${clockSeconds(time)}${fraction ? `.${fraction}` : ""}`;
}

/** `0.2 ms`, `84 ms`, `1.2 s`. */
export function took(us: number): string {
  if (us < 10_000) return `${(us / 1000).toFixed(1)} ms`;
  if (us < 1_000_000) return `${Math.round(us / 1000)} ms`;
  return `${(us / 1_000_000).toFixed(1)} s`;
}

export function sameDay(time: string, now: number): boolean {
  return new Date(time).toDateString() === new Date(now).toDateString();
}

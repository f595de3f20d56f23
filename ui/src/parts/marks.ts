// The mark and its tray shapes: a seal cut by a square tooth, on a grid of 16.

export const halves = {
  yours: "M8.75 .789V4.75H4.75v6.5h4V15.211A7.25 7.25 0 1 1 8.75 .789z",
  theirs: "M10 1.031V6H6v4h4V14.969A7.25 7.25 0 0 0 10 1.031z",
};

const half = "M9 .819V5H5v6h4V15.181A7.25 7.25 0 1 1 9 .819z";

export const states = {
  idle: `${half}M10 1.031V6H6v4h4V14.969A7.25 7.25 0 0 0 10 1.031z`,
  working: `${half}M11 3h4v2h-4zM6 7h9v2H6zM11 11h4v2h-4z`,
  question: `${half}M11 2h3v7h-3zM11 11h3v3h-3z`,
  paused: "M6 1.031V14.969A7.25 7.25 0 0 1 6 1.031zM10 1.031V14.969A7.25 7.25 0 0 0 10 1.031z",
  locked:
    "M4 6V5a4 4 0 0 1 8 0v1h-2V5a2 2 0 0 0-4 0v1zM2.75 7h10.5a.75.75 0 0 1 .75.75v6.5a.75.75 0 0 1-.75.75H2.75a.75.75 0 0 1-.75-.75v-6.5A.75.75 0 0 1 2.75 7zM7 9v1H6v2h1v1h2V9z",
};

export type State = keyof typeof states;

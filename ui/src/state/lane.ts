// One agent's calls as the notches of a tally, and how many there are of each kind.

import type { Notch } from "../ipc/bindings";

export type Kind = "allowed" | "asked" | "refused";

export interface Lane extends Record<Kind, number> {
  notches: { at: number; kind: Kind }[];
}

export function lane(calls: readonly Notch[]): Lane {
  const notches = calls.map((call) => ({ at: Date.parse(call.at), kind: kindOf(call) }));
  const of = (kind: Kind) => notches.filter((notch) => notch.kind === kind).length;
  return { notches, allowed: of("allowed"), asked: of("asked"), refused: of("refused") };
}

function kindOf({ asked, refused }: Notch): Kind {
  if (refused) return "refused";
  return asked ? "asked" : "allowed";
}

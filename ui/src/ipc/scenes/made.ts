// Times and digests for made-up wallets.

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const from = (ms: number) => new Date(Date.now() + ms).toISOString().replace("Z", "118Z");
export const digest = (seed: string) => {
  let state = 7;
  const byte = () => {
    for (const char of seed) state = (state * 31 + char.charCodeAt(0)) >>> 0;
    return state & 63;
  };
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return `sha-256:${Array.from({ length: 43 }, () => letters[byte()]).join("")}`;
};

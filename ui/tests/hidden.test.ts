import { describe, expect, it } from "vitest";
import { countHidden, pieces, turns } from "../src/parts/hidden";

const codes = (text: string, lines = false) =>
  pieces(text, lines).flatMap((piece) => ("code" in piece ? [piece.code] : []));

describe("hidden characters", () => {
  it("leaves plain text of any language whole", () => {
    for (const text of ["Fix drift (#482)", "Übergröße 1000 €", "注文を読む", "שלום", "→ ✓ 🙂"]) {
      expect(pieces(text)).toEqual([{ plain: text }]);
    }
  });

  it.each([
    ["zero-width space", "a\u200bb", "U+200B"],
    ["right-to-left override", "a\u202eb", "U+202E"],
    ["escape, as in terminal colours", "\u001b[31m", "U+001B"],
    ["word joiner", "a\u2060b", "U+2060"],
    ["tag characters that only a model reads", "a\u{e0041}", "U+E0041"],
    ["a variation selector that carries data", "a\u{e0100}", "U+E0100"],
    ["a blank that is not the space", "a\u3164b", "U+3164"],
    ["a no-break space", "a\u00a0b", "U+00A0"],
    ["blank braille", "a\u2800b", "U+2800"],
    ["a private character", "a\ue000b", "U+E000"],
    ["half of a broken pair", "a\ud800b", "U+D800"],
    ["a line separator", "a\u2028b", "U+2028"],
    ["a null", "a\u0000b", "U+0000"],
    ["the byte order mark", "\ufeffa", "U+FEFF"],
  ])("shows %s", (_, text, code) => {
    expect(codes(text)).toEqual([code]);
  });

  it("keeps line feeds where lines are layout, and shows them where they are not", () => {
    expect(codes("a\nb", true)).toEqual([]);
    expect(codes("a\nb")).toEqual(["U+000A"]);
    expect(codes("a\rb", true)).toEqual(["U+000D"]);
  });

  it("loses no character, hidden or not", () => {
    const text = "x\u200by\u202ez";
    const joined = pieces(text).map((piece) =>
      "plain" in piece ? piece.plain : String.fromCodePoint(parseInt(piece.code.slice(2), 16)),
    );
    expect(joined.join("")).toBe(text);
  });

  it("counts them and knows which turn the direction", () => {
    expect(countHidden("Closes #479.\u200b See report\u202efdp.exe")).toBe(2);
    expect(turns("report\u202efdp.exe")).toBe(true);
    expect(turns("report\u200b")).toBe(false);
  });
});

// Foreign text taken apart into what shows and what hides. Hidden are control and format characters, the ones Unicode
// lets a renderer ignore, every blank that is not the plain space, and halves of broken pairs (Trojan Source,
// CVE-2021-42574; tag characters that only a model reads).

/** A stretch of plain text, or one character that would not show. */
export type Piece = { plain: string } | { code: string; name: string };

const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Cs}\u2800]|(?! )\p{Zs}/gu;

// Unicode's own names, for those met most.
const NAMES: Record<number, string> = {
  0x00: "null",
  0x07: "bell",
  0x08: "backspace",
  0x09: "tab",
  0x0a: "line feed",
  0x0d: "carriage return",
  0x1b: "escape",
  0x7f: "delete",
  0xa0: "no-break space",
  0xad: "soft hyphen",
  0x034f: "grapheme joiner",
  0x061c: "Arabic letter mark",
  0x180e: "Mongolian vowel separator",
  0x200b: "zero-width space",
  0x200c: "zero-width non-joiner",
  0x200d: "zero-width joiner",
  0x200e: "left-to-right mark",
  0x200f: "right-to-left mark",
  0x2028: "line separator",
  0x2029: "paragraph separator",
  0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding",
  0x202c: "end of direction",
  0x202d: "left-to-right override",
  0x202e: "right-to-left override",
  0x202f: "narrow no-break space",
  0x2060: "word joiner",
  0x2066: "left-to-right isolate",
  0x2067: "right-to-left isolate",
  0x2068: "first strong isolate",
  0x2069: "end of isolate",
  0x2800: "blank braille",
  0x3000: "ideographic space",
  0x3164: "Hangul filler",
  0xfe0f: "variation selector 16",
  0xfeff: "zero-width no-break space",
};

/** Takes `text` apart. With `lines`, line feeds and tabs are layout and stay plain. */
export function pieces(text: string, lines = false): Piece[] {
  const found: Piece[] = [];
  let plain = "";
  const flush = () => {
    if (plain) found.push({ plain });
    plain = "";
  };
  for (const char of text) {
    if (!isHidden(char) || (lines && (char === "\n" || char === "\t"))) {
      plain += char;
    } else {
      flush();
      found.push(named(char));
    }
  }
  flush();
  return found;
}

/** How many characters of `text` would not show. */
export function countHidden(text: string, lines = false): number {
  return pieces(text, lines).filter((piece) => "code" in piece).length;
}

/** Whether `text` turns the direction of what follows. */
export function turns(text: string): boolean {
  return /[\u202a-\u202e\u2066-\u2069]/u.test(text);
}

function isHidden(char: string): boolean {
  HIDDEN.lastIndex = 0;
  return HIDDEN.test(char);
}

function named(char: string): Piece {
  const point = char.codePointAt(0) ?? 0;
  const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  return { code, name: NAMES[point] ?? kind(point) };
}

function kind(point: number): string {
  if (point >= 0xe0000 && point <= 0xe007f) return "tag";
  if ((point >= 0xfe00 && point <= 0xfe0f) || (point >= 0xe0100 && point <= 0xe01ef))
    return "variation selector";
  if (point >= 0xd800 && point <= 0xdfff) return "broken pair";
  return point < 0xa0 ? "control" : "hidden";
}

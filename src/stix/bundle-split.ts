/** Cuts the text of a bundle into those of its objects (STIX 2.1 section 8), without reading them. */

const QUOTE = 34;
const COMMA = 44;
const OPEN_OBJECT = 123;
const OPEN_LIST = 91;
const BACKSLASH = 92;

export interface SplitBundle {
  /** The bundle with its list `objects` empty. */
  readonly envelope: string;
  readonly objects: string[];
}

/**
 * Cuts out the elements of the outermost member `objects`. The text must be valid JSON.
 * @returns undefined when there is no such member or it is no list
 */
export function splitObjects(text: string): SplitBundle | undefined {
  const list = findList(text);
  if (list === undefined) return undefined;
  return {
    envelope: `${text.slice(0, list.start + 1)}${text.slice(list.end)}`,
    objects: list.elements,
  };
}

interface List {
  /** The place of `[`. */
  readonly start: number;
  /** The place of `]`. */
  readonly end: number;
  readonly elements: string[];
}

function findList(text: string): List | undefined {
  let depth = 0;
  let key = '';
  let keyFollows = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      const end = endOfString(text, at);
      if (keyFollows) key = JSON.parse(text.slice(at, end + 1)) as string;
      at = end;
    }
    if (char === OPEN_LIST && depth === 0) return undefined;
    if (char === OPEN_LIST && depth === 1 && key === 'objects') return readList(text, at);
    depth += levelsOf(char);
    // Of the bundle's own texts, those behind `{` or `,` are keys; blanks change nothing.
    if (!isBlank(char)) keyFollows = depth === 1 && (char === COMMA || char === OPEN_OBJECT);
  }
  return undefined;
}

/** How much deeper a character leads outside of strings. */
function levelsOf(char: number): number {
  if (isOpening(char)) return 1;
  return isClosing(char) ? -1 : 0;
}

function readList(text: string, start: number): List {
  const elements: string[] = [];
  let from = start + 1;
  let depth = 0;
  let at = from;
  for (; ; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = endOfString(text, at);
    else if (isOpening(char)) depth += 1;
    else if (isClosing(char)) {
      if (depth === 0) break;
      depth -= 1;
    } else if (char === COMMA && depth === 0) {
      elements.push(text.slice(from, at));
      from = at + 1;
    }
  }
  const last = text.slice(from, at);
  if (elements.length > 0 || last.trim() !== '') elements.push(last);
  return { start, end: at, elements };
}

function isOpening(char: number): boolean {
  return char === OPEN_OBJECT || char === OPEN_LIST;
}

/** RFC 8259 section 2. */
function isBlank(char: number): boolean {
  return char === 32 || char === 9 || char === 10 || char === 13;
}

/** `}` and `]`. */
function isClosing(char: number): boolean {
  return char === 125 || char === 93;
}

/** The place of the quote that ends the string begun at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    at = text.indexOf('"', at);
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
}

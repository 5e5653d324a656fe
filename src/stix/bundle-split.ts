/** Cuts the text of a bundle into those of its objects (STIX 2.1 section 8), without reading them. */

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
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
      if (depth === 1 && keyFollows) key = JSON.parse(text.slice(at, end + 1)) as string;
      at = end;
    } else if (char === COMMA || char === COLON) keyFollows = char === COMMA;
    else if (isClosing(char)) depth -= 1;
    else if (isOpening(char)) {
      if (text[at] === '[' && depth === 0) return undefined;
      if (text[at] === '[' && depth === 1 && key === 'objects') return readList(text, at);
      depth += 1;
      keyFollows = depth === 1;
    }
  }
  return undefined;
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

/** `{` and `[`. */
function isOpening(char: number): boolean {
  return char === 123 || char === 91;
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

/** Reads a file of STIX as the HTTP doors read a body: one JSON document, or one object a line. */
import { readFile } from 'node:fs/promises';
import type { Finding } from '../stix/check/finding.ts';
import { readBundle } from '../stix/bundle/bundle.ts';
import { parseBundle, parseObject } from '../stix/bundle/text.ts';
import { JsonFault } from '../stix/json/fault.ts';
import { holdsLines } from '../stix/json/lines.ts';

/** The objects of a file, or why it cannot be read. */
export type StixFile =
  | {
      readonly id?: string | undefined;
      /** What the bundle says of itself, as only STIX 2.0 does. */
      readonly specVersion?: string | undefined;
      /** What is doubtful about the bundle itself. */
      readonly warnings?: readonly Finding[];
      /** An object that cannot be read is an Unreadable. */
      readonly objects: readonly unknown[];
    }
  | { readonly error: FileError };

/** The code, path and detail of the problem that REST answers. */
export interface FileError {
  readonly code: string;
  readonly path?: string | undefined;
  readonly detail: string;
  readonly reason?: string;
}

/** What a command prints of a file that could not be read, or not be taken as a whole. */
export interface FailedFile {
  readonly file: string;
  readonly error: FileError;
}

/** The most specific code of what is wrong with a file. */
export function reasonOf({ error }: FailedFile): string {
  return error.reason ?? error.code;
}

/** One line about a file as a whole. */
export function failureInWords(failed: FailedFile): string {
  const { path, detail } = failed.error;
  return `${failed.file}: ${reasonOf(failed)}${path === undefined ? '' : ` ${path}`}: ${detail}\n`;
}

/** A finding, without the object that it is about. */
export function findingInWords({ code, path, detail, clause }: Finding): string {
  return `${code} ${path}: ${detail}${clause === undefined ? '' : ` (${clause})`}`;
}

const LINES_NAME = /\.(?:ndjson|jsonl|jsonlines)$/i;
const NEWLINE = 0x0a;
const MARK = '\ufeff';

/** Reads a bundle, one object, or lines of one object each. A file that cannot be read is an error. */
export async function readStixFile(file: string): Promise<StixFile> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    return { error: { code: 'unreadable', detail: whyUnreadable(error) } };
  }
  const text = decoded(bytes);
  if (text === undefined) return { error: notUtf8(bytes) };
  if (LINES_NAME.test(file) || holdsLines(text)) return { objects: readLines(text) };
  try {
    const bundle = readBundle(parseBundle(text));
    if (!bundle.ok) {
      const { code: reason, path, detail } = bundle.error;
      return { error: { code: 'invalid_bundle', path, detail, reason } };
    }
    const { id, specVersion, warnings, objects } = bundle;
    return { id, specVersion, warnings, objects };
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const { code, path, detail } = error;
    return { error: { code, path, detail } };
  }
}

const BY_CODE: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist',
  ENOTDIR: 'the file does not exist',
  EISDIR: 'it is a directory. Name the files in it',
  EACCES: 'you may not read the file',
};

export function whyUnreadable(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return BY_CODE[code] ?? error.message;
}

/** Undefined where the bytes are not UTF-8, which would be replaced, so changed, without a word. */
function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Names the first line that cannot be decoded: no other character ends in the byte of a line break. */
function notUtf8(bytes: Buffer): FileError {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    if (decoded(bytes.subarray(start, end)) === undefined) break;
    start = end + 1;
  }
  const detail = `line ${line}: the file is not UTF-8. Convert it first, for example with iconv -f windows-1252 -t utf-8`;
  return { code: 'invalid_json', path: '$', detail };
}

function readLines(text: string): unknown[] {
  const objects: unknown[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const own = index === 0 && line.startsWith(MARK) ? line.slice(1) : line;
    if (own.trim() !== '') objects.push(parseObject(own, index));
  }
  return objects;
}

/**
 * The short way for the patterns that most indicators have: one comparison with a value that is
 * well formed. What it says of a pattern is what `checkPattern` says (a test holds them together).
 */
import type { Finding } from '../finding.ts';
import { isFileEnding } from '../value/domain.ts';
import { normalise } from '../value/normalise.ts';
import { doubtFinding } from './examine.ts';

const DOMAIN =
  /^\[domain-name:value ?= ?'[a-z0-9_][a-z0-9_-]*(?:\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]+'\]$/;
/** Within this length, no name and no label of it can be too long. */
const DOMAIN_LENGTH_MAX = 63 + "[domain-name:value='']".length;
const HASH_OR_NAME =
  /^\[(?:file:hashes\.(?:MD5 ?= ?'[0-9a-f]{32}|'SHA-1' ?= ?'[0-9a-f]{40}|(?:'SHA-256'|sha256) ?= ?'[0-9a-f]{64})|(?:file|process|mutex):name ?= ?'[\w.-]{1,100})'\]$/;
const VALUE =
  /^\[(ipv4-addr|ipv6-addr|url|email-addr|domain-name):value ?= ?'([!-&(-[\]-~]{1,2048})'\]$/;

/**
 * The warnings on a pattern of one comparison that needs no parsing; undefined for all others, which
 * `checkPattern` reads. Errors it cannot have.
 */
export function plainPatternWarnings(text: string): Finding[] | undefined {
  if (text.length <= DOMAIN_LENGTH_MAX && DOMAIN.test(text)) {
    const ending = text.slice(text.lastIndexOf('.') + 1, -2);
    if (!isFileEnding(ending) && !text.includes('xn--')) return [];
  }
  if (HASH_OR_NAME.test(text)) return [];
  const [, kind, given] = VALUE.exec(text) ?? [];
  if (kind === undefined || given === undefined) return undefined;
  const { value, doubts } = normalise(kind, given);
  return doubts.map((doubt) => doubtFinding(value, doubt, FIRST_COMPARISON_AT));
}

/** After the opening bracket. */
const FIRST_COMPARISON_AT = 1;

/**
 * The short way for the patterns (STIX 2.1 section 9) that most indicators have: one comparison with a value that is
 * well formed. What it says of a pattern is what `checkPattern` says (a test holds them together).
 */
import type { Finding } from '../check/finding.ts';
import { isPublicIpv4 } from '../value/address.ts';
import { isFormFault } from '../value/doubt.ts';
import { isFileEnding } from '../value/domain.ts';
import { normalise } from '../value/normalise.ts';
import { doubtFinding } from './examine.ts';

const DOMAIN =
  /^\[domain-name:value ?= ?'[a-z0-9_][a-z0-9_-]*(?:\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]+'\]$/;
/** Within this length, no name and no label of it can be too long. */
const DOMAIN_LENGTH_MAX = 63 + "[domain-name:value='']".length;
const HASH_OR_NAME =
  /^\[(?:file:hashes\.(?:MD5 ?= ?'[0-9a-f]{32}|'SHA-1' ?= ?'[0-9a-f]{40}|(?:'SHA-256'|sha256) ?= ?'[0-9a-f]{64})|(?:file|mutex):name ?= ?'[\w.-]{1,100})'\]$/;
const ADDRESS = /^\[ipv4-addr:value ?= ?'[0-9.]{7,15}'\]$/;
/** Whatever such a text says is a URL, and nothing in it can be defanged. */
const URL_VALUE =
  /^\[url:value ?= ?'https?:\/\/(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}\/[\w./?=&%~+,;:@#!$*-]{0,2000}'\]$/;
const VALUE =
  /^\[(ipv4-addr|ipv6-addr|url|email-addr|domain-name):value ?= ?'([!-&(-[\]-~]{1,2048})'\]$/;

/**
 * The warnings on a pattern of one comparison that needs no parsing; undefined for all others, which
 * `checkPattern` reads. Errors it cannot have.
 */
export function plainPatternWarnings(text: string): Finding[] | undefined {
  if (hasNoDoubts(text)) return [];
  const [, kind, given] = VALUE.exec(text) ?? [];
  if (kind === undefined || given === undefined) return undefined;
  const { doubts } = normalise(kind, given);
  if (doubts.some(isFormFault)) return undefined;
  return doubts.map((doubt) => doubtFinding(given, doubt, FIRST_COMPARISON_AT));
}

/** By the first letter of the object type, so that one expression is tried and not all. */
function hasNoDoubts(text: string): boolean {
  switch (text.charCodeAt(1)) {
    case LETTER.d:
      return isDomain(text);
    case LETTER.i:
      return ADDRESS.test(text) && isPublicIpv4(text, text.indexOf("'") + 1, text.length - 2);
    case LETTER.u:
      return URL_VALUE.test(text) && !text.includes('xn--');
    default:
      return HASH_OR_NAME.test(text);
  }
}

const LETTER = { d: 100, i: 105, u: 117 } as const;

function isDomain(text: string): boolean {
  if (text.length > DOMAIN_LENGTH_MAX || !DOMAIN.test(text)) return false;
  return !isFileEnding(text.slice(text.lastIndexOf('.') + 1, -2)) && !text.includes('xn--');
}

/** After the opening bracket. */
const FIRST_COMPARISON_AT = 1;

/**
 * The short way for the patterns that most indicators have: one comparison with a value that is
 * beyond doubt. It may say no to a good pattern, which the parser then reads; it never says yes to
 * one on which `checkPattern` has a finding (a test holds them together).
 */
import { isFileEnding } from '../value/domain.ts';
import { normalise } from '../value/normalise.ts';

const DOMAIN =
  /^\[domain-name:value ?= ?'[a-z0-9_][a-z0-9_-]*(?:\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]+'\]$/;
/** Within this length, no name and no label of it can be too long. */
const DOMAIN_LENGTH_MAX = 63 + "[domain-name:value='']".length;
const HASH_OR_NAME =
  /^\[(?:file:hashes\.(?:MD5 ?= ?'[0-9a-f]{32}|'SHA-1' ?= ?'[0-9a-f]{40}|(?:'SHA-256'|sha256) ?= ?'[0-9a-f]{64})|(?:file|process|mutex):name ?= ?'[\w.-]{1,100})'\]$/;
const VALUE =
  /^\[(ipv4-addr|ipv6-addr|url|email-addr|domain-name):value ?= ?'([!-&(-[\]-~]{1,2048})'\]$/;

/** True for a pattern of one comparison that needs no closer look. */
export function isPlainPattern(text: string): boolean {
  if (text.length <= DOMAIN_LENGTH_MAX && DOMAIN.test(text)) {
    const ending = text.slice(text.lastIndexOf('.') + 1, -2);
    if (!isFileEnding(ending) && !text.includes('xn--')) return true;
  }
  if (HASH_OR_NAME.test(text)) return true;
  const [, kind, value] = VALUE.exec(text) ?? [];
  return kind !== undefined && value !== undefined && normalise(kind, value).doubts.length === 0;
}

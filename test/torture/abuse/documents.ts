/** Documents that cost their reader far more than their sender. */
import { gzipSync } from 'node:zlib';
import type { Random } from '../random.ts';
import { objectOf } from '../objects.ts';

const MIB = 1024 * 1024;

const SHAPES: readonly ((bytes: number) => string)[] = [
  (bytes) => `[${'1,'.repeat(bytes / 2)}1]`,
  (bytes) => `[${'{},'.repeat(bytes / 3)}{}]`,
  (bytes) => `[${'"",'.repeat(bytes / 3)}""]`,
  (bytes) => '['.repeat(bytes),
  (bytes) => '{"a":'.repeat(bytes / 5),
  (bytes) => `{"type":"bundle","objects":[${'[],'.repeat(bytes / 3)}[]]}`,
  (bytes) => `{"email":"${'a'.repeat(bytes)}"}`,
  (bytes) => `{${memberList(bytes / 14)}"z":1}`,
  (bytes) => ' '.repeat(bytes),
];

function memberList(count: number): string {
  return Array.from({ length: count }, (_, i) => `"m${String(i).padStart(8, '0')}":1,`).join('');
}

/** JSON of about so many MiB, of a shape that `random` picks. */
export function heavyJson(random: Random, mebibytes: number): string {
  return random.pick(SHAPES)(mebibytes * MIB);
}

/**
 * The same as gzip, with as much in it that does not compress as keeps it from being refused for its
 * ratio alone: 64 MiB out of a third of a MiB.
 */
export function bomb(random: Random, mebibytes: number): Buffer {
  const salt = Buffer.from(
    Array.from({ length: mebibytes * 4200 }, () => random.between(0, 255)),
  ).toString('base64');
  return gzipSync(`["${salt}",${heavyJson(random, mebibytes)}]`);
}

/** A bundle of `count` objects whose keys occur twice. */
export function duplicateKeys(count: number): Buffer {
  const objects = Array.from({ length: count }, () => '{"type":"indicator","type":"malware"}');
  return gzipSync(`{"type":"bundle","id":"bundle--1","objects":[${objects.join(',')}]}`);
}

/** A bundle of the objects with these ids, each of version `version`. */
export function bundleOf(ids: readonly string[], version: number): string {
  const modified = new Date(Date.UTC(2026, 1, 1) + version * 1000).toISOString();
  const objects = ids.map((stixId) =>
    objectOf({ stixId, modified, name: `v${version}`, tlp: 'green', revoked: false }),
  );
  return JSON.stringify({ type: 'bundle', id: `bundle--${ids[0]?.split('--')[1]}`, objects });
}

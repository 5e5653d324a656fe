/**
 * Over real data that others published, if it is beside the project (or where TOCSIN_REAL_DATA
 * says). It is never part of the project; without it these tests are skipped.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readBundle } from './bundle/bundle.ts';
import { checkObject } from './check/check.ts';
import type { Checked } from './check/check.ts';
import { contentKey } from './content-key.ts';
import { JsonFault } from './json/fault.ts';
import { parseJson } from './json/read.ts';
import { liftObjects } from './lift/lift.ts';
import { observablesOf } from './observables.ts';
import { checkPattern } from './pattern/check.ts';
import { parsePattern } from './pattern/parser.ts';
import { printPattern } from './pattern/printer.ts';

const root =
  process.env['TOCSIN_REAL_DATA'] ??
  fileURLToPath(new URL('../../../shared/data', import.meta.url));
const withData = describe.skipIf(!existsSync(`${root}/stix21`));

const textOf = (file: string): string => readFileSync(`${root}/${file}`, 'utf8');

interface FileResult {
  readonly given: readonly unknown[];
  readonly checked: readonly Checked[];
  readonly notes: number;
}

/** A bundle, or what else the file holds: a list of objects, or one. */
function checkFile(file: string): FileResult {
  const value = parseJson(textOf(file));
  const bundle = readBundle(value);
  const bare = Array.isArray(value) ? (value as unknown[]) : [value];
  const given = bundle.ok ? bundle.objects : bare;
  const lifted = liftObjects(given, bundle.ok ? bundle.specVersion : undefined);
  return { given, checked: lifted.objects.map(checkObject), notes: lifted.notes.length };
}

const errorsOf = ({ checked }: FileResult): string[] =>
  checked.flatMap((one) => (one.ok ? [] : one.errors.map(({ code, path }) => `${code} ${path}`)));
const warningsOf = ({ checked }: FileResult, id: string): string[] =>
  checked.flatMap((one) =>
    (one.ok ? one.object.id : one.id) === id ? one.warnings.map(({ code }) => code) : [],
  );

const keysOf = (file: string): Set<string | undefined> =>
  new Set(
    checkFile(file).checked.flatMap((one) =>
      one.ok && one.object.type === 'indicator' ? [contentKey(one.object)] : [],
    ),
  );

withData('STIX 2.1 as published', () => {
  const files = globSync('stix21/**/*.{json,stix2}', { cwd: root }).toSorted();

  it('is read, every object accounted for, and comes back as it was', () => {
    let objects = 0;
    const refused: string[] = [];
    for (const file of files) {
      const result = checkFile(file);
      objects += result.given.length;
      refused.push(...errorsOf(result));
      expect(JSON.stringify(parseJson(textOf(file))), file).toBe(
        JSON.stringify(JSON.parse(textOf(file))),
      );
      result.checked.forEach((one, index) => {
        if (one.ok) expect(one.object).toBe(result.given[index]);
      });
    }
    expect({ files: files.length, objects }).toEqual({ files: 34, objects: 10_438 });
    // The specification's own examples abridge these payloads with dots.
    expect(refused).toEqual(Array.from({ length: 3 }, () => 'invalid_base64 $.payload_bin'));
  });

  it('holds indicators that all look for something', () => {
    const indicators = files
      .flatMap((file) => checkFile(file).checked)
      .flatMap((one) => (one.ok && one.object.type === 'indicator' ? [one.object] : []));
    expect(indicators).toHaveLength(4130);
    const without = indicators.filter((indicator) => observablesOf(indicator).length === 0);
    expect(without.map(({ pattern }) => String(pattern).replace(/'.*'/, "''"))).toEqual(
      Array.from({ length: without.length }, () => expect.stringMatching(/MATCHES|NOT|LIKE/)),
    );
    expect(indicators.every((indicator) => contentKey(indicator) !== undefined)).toBe(true);
  });

  it('knows a release again by its content though every id is new', () => {
    const older = keysOf('stix21/mvt-indicators-older/predator.2024-03-11.stix2');
    const newer = keysOf('stix21/mvt-indicators/intellexa_predator/predator.stix2');
    expect([older.size, newer.size, [...older].filter((key) => newer.has(key)).length]).toEqual([
      562, 585, 562,
    ]);
  });
});

withData('STIX 2.0 as published', () => {
  const files = globSync('stix20/**/*.json', { cwd: root }).toSorted();

  it('is lifted, but for six objects that say what cannot be', () => {
    const results = files.filter((file) => !file.endsWith('reports.json')).map(checkFile);
    expect(results).toHaveLength(25);
    expect(results.reduce((sum, { given }) => sum + given.length, 0)).toBe(1975);
    expect(results.every(({ given, notes }) => given.length === notes)).toBe(true);
    expect(results.flatMap(errorsOf).toSorted()).toEqual([
      'time_order $.last_seen',
      'time_order $.last_seen',
      'wrong_type $.identity_class',
      'wrong_type $.identity_class',
      'wrong_type $.identity_class',
      'wrong_type $.identity_class',
    ]);
  });

  it.each([
    [
      '2024-04-12-MidnightEclipse',
      'indicator--d9d7a4db-b1f4-474e-8554-955f3e88fd22',
      'defanged_value',
    ],
    ['2024-07-15-phishing', 'indicator--9d24f92c-2217-4ffe-b660-5fe2e17d8746', 'defanged_value'],
    ['matanbuchus-loader', 'indicator--10157be4-7d37-48e6-8220-ebb226849537', 'not_a_domain_name'],
    [
      'matanbuchus-loader',
      'indicator--f3e9ce0e-c4ce-4d1a-8b6d-e1af05bb2e17',
      'file_name_as_domain',
    ],
    [
      '2024-06-12-KoiLoader-KoiStealer',
      'indicator--e9b6e377-9c86-406b-9081-6787f917e546',
      'blank_at_end',
    ],
    ['2024-03-13-GootLoader', 'indicator--845dba74-ffcb-4639-8d99-a6f69714ef01', 'blank_at_end'],
    [
      'domain-parking-emotet-fake-updates',
      'indicator--8580f25c-f45c-4039-a521-fa2644bcc19e',
      'url_without_scheme',
    ],
  ])('%s %s reports: %s', (file, id, code) => {
    expect(warningsOf(checkFile(`stix20/unit42/${file}.json`), id)).toContain(code);
  });

  it('a list that only looks like STIX is refused object by object', () => {
    const errors = errorsOf(checkFile('stix20/unit42/reports.json'));
    expect(errors).toEqual(Array.from({ length: 81 }, () => 'missing_property $.type'));
  });
});

withData('the odd files', () => {
  const oasis = 'odd/oasis-stix-validator';
  it.each([
    [
      'odd/eset/malicious_pypi_packages.misp-event.json',
      'invalid_json',
      'line 37374, column 9: a comma before',
    ],
    [`${oasis}/v20/invalid_comma.json`, 'invalid_json', 'line 8, column 1: a comma before'],
    [`${oasis}/v21/invalid_comma.json`, 'invalid_json', 'line 9, column 1: a comma before'],
    [`${oasis}/v20/invalid_braces.json`, 'invalid_json', 'line 1, column 1: expected a value'],
    [`${oasis}/v21/invalid_braces.json`, 'invalid_json', 'line 1, column 1: expected a value'],
  ])('%s is not JSON', (file, code, detail) => {
    const read = (): unknown => parseJson(textOf(file));
    expect(read).toThrow(JsonFault);
    expect(read).toThrow(
      expect.objectContaining({ code, detail: expect.stringContaining(detail) }),
    );
  });

  it.each([
    [`${oasis}/v20/identity.json`, 1, []],
    [`${oasis}/v20/identity_custom.json`, 1, []],
    [`${oasis}/v20/identity_warning.json`, 1, []],
    [`${oasis}/v20/invalid_identity.json`, 1, ['missing_property $.modified']],
    [`${oasis}/v20/invalid_timestamp.json`, 1, ['time_order $.modified']],
    [`${oasis}/v21/identity.json`, 0, []],
    [`${oasis}/v21/identity_custom.json`, 0, []],
    [`${oasis}/v21/identity_unicode.json`, 0, []],
    [`${oasis}/v21/identity_warning.json`, 0, []],
    [`${oasis}/v21/invalid_identity.json`, 0, ['missing_property $.modified']],
    [`${oasis}/v21/invalid_timestamp.json`, 0, ['time_order $.modified']],
    [`${oasis}/v21/tlp-amber.json`, 0, []],
    [`${oasis}/v21/tool.json`, 0, []],
    ['odd/attack-flow/badflow1.json', 0, []],
    ['odd/attack-flow/badflow2.json', 0, []],
  ])('%s: %i lifted, errors %j', (file, notes, errors) => {
    const result = checkFile(file);
    expect(result.notes).toBe(notes);
    expect(errorsOf(result)).toEqual(errors);
  });
});

withData('odd things in good files', () => {
  it('a bare list of observables gets a clear answer', () => {
    const bundle = readBundle(
      parseJson(textOf('stix21/oasis-python-stix2/sco-examples-bundle.json')),
    );
    expect(bundle).toMatchObject({ ok: false, error: { code: 'not_a_bundle' } });
  });

  it.each([
    [
      'mvt-indicators/2026-03-03_coruna_cryptowaters/coruna.stix2',
      'indicator--6cc76df7-38bb-4776-aacb-98ff38e577a2',
      'not_a_domain_name',
    ],
    [
      'mvt-indicators/intellexa_predator/predator.stix2',
      'indicator--9e3531da-ba58-4617-b28d-42be66a3d567',
      'no_top_level_domain',
    ],
    [
      'oasis-cti-documentation/poisonivy.json',
      'indicator--4e4c4ad7-4909-456a-b6fa-e24a6f682a40',
      'not_a_domain_name',
    ],
  ])('%s %s reports: %s', (file, id, code) => {
    expect(warningsOf(checkFile(`stix21/${file}`), id)).toContain(code);
  });
});

const rowsOf = (file: string): { pattern: string; ok?: boolean; expect?: string }[] =>
  textOf(`stix-patterns/${file}`)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { pattern: string });

const stands = (pattern: string): boolean => checkPattern(pattern, 'stix').errors.length === 0;

withData('lists of patterns', () => {
  it('accepts what the published grammar accepts, and prints it as it was', () => {
    const rows = rowsOf('patterns-from-this-set.jsonl');
    expect(rows).toHaveLength(3951);
    expect(rows.filter(({ pattern, ok }) => stands(pattern) !== ok)).toEqual([]);
    for (const { pattern } of rows) {
      const printed = printPattern(parsePattern(pattern));
      expect(printed.replaceAll(' ', '')).toBe(pattern.replaceAll(' ', ''));
    }
  });

  it('accepts and refuses the cases of the published validator', () => {
    const rows = rowsOf('oasis-validator-cases-v21.jsonl');
    expect(rows).toHaveLength(64);
    expect(rows.filter((row) => stands(row.pattern) !== (row.expect === 'pass'))).toEqual([]);
  });

  it("accepts the specification's examples", () => {
    const examples = textOf('stix-patterns/oasis-spec_examples-v21.txt').trim().split('\n');
    expect(examples).toHaveLength(23);
    expect(examples.filter((pattern) => !stands(pattern))).toEqual([]);
  });
});

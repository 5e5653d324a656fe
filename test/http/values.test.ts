/** `POST /values`: plain lists of values become ordinary indicators. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { TLP } from '../support/builders.ts';
import { aHost, ListClient, resultsOf } from '../support/lists.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let cert: ListClient;
let reader: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  cert = new ListClient(await anActor(tocsin));
  reader = await anActor(tocsin);
});
afterAll(() => tocsin.close());

describe('a list of values', () => {
  it('becomes indicators that others read as ordinary STIX', async () => {
    const host = aHost();
    const body = {
      values: [
        `hxxp://${host.replace('.', '[.]')}/a`,
        { value: host, labels: ['own'], tlp: 'amber' },
      ],
      labels: ['phishing'],
      tlp: 'TLP:GREEN',
      confidence: 80,
      valid_until: '2030-01-31',
      indicator_types: ['malicious-activity'],
      kill_chain_phases: [{ kill_chain_name: 'mitre-attack', phase_name: 'exfiltration' }],
      reference: 'https://example.org/report',
    };
    const response = await cert.json(body);
    expect(response.body).toMatchObject({
      dry_run: false,
      summary: { created: 2, rejected: 0 },
      results: [
        { index: 0, type: 'url', value: `http://${host}/a`, outcome: 'created', tlp: 'green' },
        { index: 1, type: 'domain-name', value: host, outcome: 'created', tlp: 'amber' },
      ],
    });
    const [url, domain] = resultsOf(response);
    const { objects } = await reader.reads({ limit: 10_000, as_posted: true });
    const seen = objects.filter(({ id }) => id === url?.id || id === domain?.id);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toMatchObject({
      type: 'indicator',
      spec_version: '2.1',
      created_by_ref: cert.actor.identity,
      name: `http://${host}/a`,
      pattern: `[url:value = 'http://${host}/a']`,
      pattern_type: 'stix',
      labels: ['phishing'],
      confidence: 80,
      valid_until: '2030-01-31T00:00:00Z',
      indicator_types: ['malicious-activity'],
      kill_chain_phases: [{ kill_chain_name: 'mitre-attack', phase_name: 'exfiltration' }],
      external_references: [{ source_name: 'example.org', url: 'https://example.org/report' }],
      object_marking_refs: [TLP.green],
    });
    expect(seen[1]).toMatchObject({
      labels: ['phishing', 'own'],
      object_marking_refs: [TLP.amber],
    });
    const valid = await reader.sends('post', '/validate').send({ type: 'bundle', objects: seen });
    expect(valid.body).toMatchObject({ summary: { valid: 2, invalid: 0 } });
  });

  it('has the id that docs/lists.md tells how to compute', async () => {
    const host = aHost();
    const [result] = resultsOf(await cert.text(`${host.toUpperCase()}\n`));
    const namespace = Buffer.from('0c6d2f8e51b94f0c8a3e6e1df2a7b945', 'hex');
    const named = JSON.stringify([cert.actor.slug, 'domain-name', host]);
    const sha = createHash('sha1').update(namespace).update(named).digest('hex');
    const variant = ((Number.parseInt(sha.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
    expect(result?.id).toBe(
      `indicator--${sha.slice(0, 8)}-${sha.slice(8, 12)}-5${sha.slice(13, 16)}-${variant}${sha.slice(18, 20)}-${sha.slice(20, 32)}`,
    );
    const [others] = resultsOf(await new ListClient(reader).text(`${host}\n`));
    expect(others?.outcome).toBe('created');
    expect(others?.id).not.toBe(result?.id);
  });

  it('is unchanged when it is posted again, and updated with another context', async () => {
    const hosts = [aHost(), aHost()];
    const post = (query: object = {}) => cert.text(hosts.join('\n'), query);
    expect(outcomes(await post({ labels: 'one' }))).toEqual(['created', 'created']);
    const [{ id = '' } = {}] = resultsOf(await post({ labels: 'one' }));
    const first = await cert.stored(id);
    tocsin.clock.advance(60_000);
    expect(outcomes(await post({ labels: 'one' }))).toEqual(['unchanged', 'unchanged']);
    expect(await cert.stored(id)).toEqual(first);
    expect(outcomes(await post({ labels: 'one,two' }))).toEqual(['updated', 'updated']);
    const second = await cert.stored(id);
    expect(second).toEqual({ ...first, labels: ['one', 'two'], modified: second['modified'] });
    expect(String(second['modified']) > String(first['modified'])).toBe(true);
    expect(outcomes(await post({ labels: 'one,two' }))).toEqual(['unchanged', 'unchanged']);
  });

  it('is updated although the clock has not moved on', async () => {
    const host = aHost();
    expect(outcomes(await cert.text(host))).toEqual(['created']);
    expect(outcomes(await cert.text(host, { confidence: '10' }))).toEqual(['updated']);
    expect(outcomes(await cert.text(host, { confidence: '20' }))).toEqual(['updated']);
    expect(outcomes(await cert.text(host, { confidence: '20' }))).toEqual(['unchanged']);
  });

  it('may have the same value twice: the last context counts', async () => {
    const host = aHost();
    const same = await cert.text(`${host}\n${host.toUpperCase()}\n`);
    expect(outcomes(same)).toEqual(['created', 'unchanged']);
    const other = await cert.csv(`value,comment\n${host},a\n${host},b\n`);
    expect(outcomes(other)).toEqual(['updated', 'updated']);
    const [{ id = '' } = {}] = resultsOf(other);
    expect(await cert.stored(id)).toMatchObject({ description: 'b' });
  });

  it('is created once by requests at the same time', async () => {
    const lines = Array.from({ length: 20 }, aHost).join('\n');
    const all = await Promise.all(Array.from({ length: 4 }, () => cert.text(lines)));
    const counts = all.flatMap(outcomes);
    expect(counts.filter((one) => one === 'created')).toHaveLength(20);
    expect(counts.filter((one) => one === 'unchanged')).toHaveLength(60);
  });

  it('stores nothing in a dry run, and all or nothing on request', async () => {
    const [one, two] = [aHost(), aHost()];
    expect(outcomes(await cert.text(one, { dry_run: true }))).toEqual(['created']);
    const response = await cert.text(`${two}\nnothing\n`, { atomic: true });
    expect(response.status).toBe(422);
    expect(response.body).toMatchObject({ code: 'atomic_aborted' });
    expect(outcomes(await cert.text(`${one}\n${two}`))).toEqual(['created', 'created']);
  });

  it('goes to the audience that it names, within the same policy as a bundle', async () => {
    const host = aHost();
    const unknown = await cert.text(host, { audience: slug('nobody') });
    expect([unknown.status, unknown.body]).toMatchObject([400, { code: 'audience_unknown' }]);
    const red = await cert.text(host, { tlp: 'red' });
    expect(resultsOf(red)[0]).toMatchObject({ code: 'red_needs_named_organisations' });
    expect(outcomes(await cert.text(host, { audience: cert.actor.slug }))).toEqual(['created']);
    // A later version must not reach more by default.
    expect(outcomes(await cert.text(host, { labels: 'x' }))).toEqual(['audience_needed']);
    const low = await anActor(tocsin, { ceiling: 'green', defaultTlp: 'green' });
    const above = await new ListClient(low).text(aHost(), { tlp: 'amber' });
    expect(outcomes(above)).toEqual(['tlp_above_ceiling']);
  });

  it('keeps a revoked value revoked', async () => {
    const host = aHost();
    const [{ id = '' } = {}] = resultsOf(await cert.text(host));
    await tocsin.sequenced();
    await cert.actor.sends('post', `/objects/${id}/revoke`);
    expect(outcomes(await cert.text(host))).toEqual(['revoked_is_final']);
  });

  it('tells of values that are doubtful, and of those that are none', async () => {
    const list = `192.168.1.1
192.0.2.7/24
co.uk
0.0.0.0/0
CVE-2026-12345
two values: 198.51.100.1, 198.51.100.2
0.0.0.0 ${aHost()}
${'a'.repeat(5000)}`;
    const results = resultsOf(await cert.text(list));
    const told = results.map(({ line, code, outcome, warnings = [] }) =>
      [line, code ?? outcome, ...warnings.map((one) => one.code)].join(' '),
    );
    expect(told).toEqual([
      '1 created special_purpose_address',
      '2 created host_bits_set special_purpose_address',
      '3 created public_suffix',
      '4 created whole_internet',
      '5 value_not_observable',
      '6 value_not_recognised',
      '7 value_not_recognised',
      '8 value_too_long',
    ]);
    expect(results[5]?.detail).toContain('198.51.100.1, 198.51.100.2');
  });

  it.each([
    [
      '192.0.2.1:443',
      'ipv4-addr',
      "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]",
    ],
    [
      '[2001:db8::1]:443',
      'ipv6-addr',
      "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '2001:db8::1' AND network-traffic:dst_port = 443]",
    ],
    ['198.51.100.0/24', 'ipv4-cidr', "[ipv4-addr:value ISSUBSET '198.51.100.0/24']"],
    ['2001:db8::/32', 'ipv6-cidr', "[ipv6-addr:value ISSUBSET '2001:db8::/32']"],
    ['AS64496', 'autonomous-system', '[autonomous-system:number = 64496]'],
    ['00-11-22-AA-BB-CC', 'mac-addr', "[mac-addr:value = '00:11:22:aa:bb:cc']"],
    [
      'D41D8CD98F00B204E9800998ECF8427E',
      'md5',
      "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
    ],
    [`ja3:${'d'.repeat(32)}`, 'ja3', `[network-traffic:x_ja3_hash = '${'d'.repeat(32)}']`],
    ['Setup.exe', 'file-name', "[file:name = 'Setup.exe']"],
    [
      "C:\\Users\\O'Neil\\a.exe",
      'file-path',
      "[file:name = 'a.exe' AND file:parent_directory_ref.path = 'C:\\\\Users\\\\O\\'Neil']",
    ],
    [
      'HKLM:\\Software\\Run',
      'windows-registry-key',
      "[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Run']",
    ],
    ['a[@]example.com', 'email-addr', "[email-addr:value = 'a@example.com']"],
  ])('%s is %s in a pattern that is valid', async (given, type, pattern) => {
    const [result] = resultsOf(await cert.json({ values: [given] }));
    expect(result).toMatchObject({ type, given });
    expect(['created', 'unchanged']).toContain(result?.outcome);
    const object = await cert.stored(result?.id ?? '');
    expect(object['pattern']).toBe(pattern);
    const codes = (result?.warnings ?? []).map(({ code }) => code);
    expect(codes.filter((code) => code !== 'special_purpose_address')).toEqual([]);
  });
});

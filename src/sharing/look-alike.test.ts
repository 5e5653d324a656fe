import { describe, expect, it } from 'vitest';
import { looksLike } from './look-alike.ts';

describe('looksLike', () => {
  it.each([
    ['cert-a', 'CERT-A'],
    ['cert-a', 'cert--a'],
    ['CERT A', 'cert_a'],
    ['cert-al', 'cert-a1'],
    ['CERT AI', 'CERT Al'],
    ['CERT AI', 'CERT A|'],
    ['modern', 'modem'],
    ['cert-0slo', 'cert-oslo'],
    ['CERT Polska', 'CERT Рolska'],
    ['CERT Polska', 'CERT Pólska'],
    ['CERT Polska', 'CERT\u200b Pol\u00adska'],
    ['ΝΑΤΟ', 'NATO'],
    ['ＣＥＲＴ', 'CERT'],
    ['ᏟᎬᎡᎢ', 'CERT'],
    ['ＣＥꓣꓔ Polska', 'CERT Polska'],
    ['CERT Ροⅼѕκα', 'CERT Polska'],
    ['vvatch', 'watch'],
  ])('takes %s for %s', (name, other) => {
    expect(looksLike(name, other)).toBe(true);
    expect(looksLike(other, name)).toBe(true);
  });

  it.each([
    ['cert-a', 'cert-b'],
    ['cert-si', 'cert-sl'],
    ['cert-il', 'cert-li'],
    ['CERT IL', 'CERT LI'],
    ['cert-1', 'cert-2'],
    ['cert-a', 'cert-aa'],
  ])('tells %s from %s', (name, other) => {
    expect(looksLike(name, other)).toBe(false);
  });
});

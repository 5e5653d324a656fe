import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { demoCommand } from '../../demo/command.ts';
import { createProgram } from '../../src/commands/program.ts';
import { settings } from '../../src/config.ts';
import { ROLES } from '../../src/sharing/member.ts';

const root = join(import.meta.dirname, '../..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
/** The rows of the tables of a page of reference, up to its first heading or below a heading. */
function table(page: string, heading = ''): string[][] {
  const [before = '', after = ''] = text(`docs/reference/${page}.md`).split(`\n## ${heading}`);
  return rowsOf(((heading === '' ? before : after).split(/\n## /)[0] ?? '').trim());
}

/** The rows of all tables of a text, without their heads. */
function rowsOf(page: string): string[][] {
  const rows = page.match(/^\|.*/gm) ?? [];
  const heads = rows.flatMap((row, place) => (row.startsWith('| -') ? [place - 1, place] : []));
  return rows
    .filter((_, place) => !heads.includes(place))
    .map((row) => row.split('|').map((cell) => cell.replaceAll('`', '').trim()));
}

describe('the reference', () => {
  const named = (rows: string[][]) => rows.map(([, name = '', value = '']) => `${name}=${value}`);

  it('lists every setting once, with its default', () => {
    const everySetting = named(rowsOf(text('docs/reference/settings.md')));
    const defaults = Object.entries(settings.shape).map(([name, schema]) => {
      const value: unknown = schema.safeParse(undefined).data ?? '';
      return `${name}=${String(Array.isArray(value) ? value.join(',') : value)}`;
    });
    expect(defaults.length).toBeGreaterThan(50);
    expect(everySetting.toSorted()).toEqual(defaults.toSorted());
  });

  it('lists every endpoint, and nothing else', () => {
    const { paths } = z
      .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(parse(text('openapi.yaml')));
    const served = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(table('endpoints').map(([, endpoint]) => endpoint)).toEqual(
      expect.arrayContaining(served),
    );
    expect(table('endpoints')).toHaveLength(served.length);
  });

  it('lists every role', () => {
    expect(table('endpoints', 'Roles\n').map(([, role]) => role)).toEqual([...ROLES]);
  });

  it('lists every command, and each of those below it', () => {
    const rows = table('commands').map(([, command = '']) => command);
    const listed = new Set(rows.map((command) => command.split(' ')[0]));
    const commands = [...createProgram().commands, demoCommand()];
    expect(listed).toEqual(new Set(commands.map((command) => command.name())));
    const missing = commands.flatMap((noun) => {
      const own = rows.filter((row) => row.split(' ')[0] === noun.name()).join(', ');
      const words = new Set(own.split(/[ ,]+/));
      return noun.commands.map((one) => one.name()).filter((name) => !words.has(name));
    });
    expect(missing).toEqual([]);
  });
});

describe('every page', () => {
  const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root });

  it.each(pages)('%s has links that lead somewhere', (page) => {
    const links = [...text(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    for (const link of links.filter((one) => !/^(?:https?:|#|\/)/.test(one))) {
      const target = join(root, dirname(page), link.split('#')[0] ?? '');
      expect(existsSync(target), link).toBe(true);
    }
  });
});

import type { Account } from './account.ts';
import type { Act } from './acts.ts';
import { ALLY } from './cast.ts';
import { count, type Screen } from './screen.ts';
import type { Stage } from './story.ts';

const HEAD = ['organisation', 'by', 'due', 'got', 'withheld', 'p50', 'p99', 'last'];
const WIDTHS = [16, 8, 7, 7, 9, 8, 8, 8];

/** A table of how much each organisation received, and how fast. */
export function showSummary(stage: Stage, acts: readonly Act[], screen: Screen): void {
  const shared = acts.reduce((sum, act) => sum + act.shared.length, 0);
  screen.title(`Summary of ${count(shared)} versions shared by ${stage.poster.slug}`);
  screen.verbatim(screen.tint('quiet', row(HEAD)));
  for (const { account } of stage.readers) {
    const line = row([...figures(account, shared), ...speeds(account)]);
    screen.verbatim(screen.tint(account.faults.length === 0 ? 'good' : 'bad', line));
  }
  screen.line(
    screen.tint('quiet', '   p50, p99, last: from the answer to the post until verified receipt'),
  );
}

function figures(account: Account, shared: number): string[] {
  const { slug, way, expected, received } = account;
  return [slug, way, count(expected), count(received), count(shared - received)];
}

function speeds({ way, speed }: Account): string[] {
  if (way === 'feed') return ['-', '-', '-'];
  return [speed.p50Ms, speed.p99Ms, speed.lastMs].map((ms) => `${ms} ms`);
}

function row(cells: readonly string[]): string {
  const padded = cells.map((cell, i) => {
    const width = WIDTHS[i] ?? 0;
    return i < 2 ? cell.padEnd(width) : cell.padStart(width);
  });
  return `   ${padded.join(' ')}`.trimEnd();
}

/** All is well, or what is not. */
export function showVerdict(faults: readonly string[], screen: Screen): void {
  screen.line();
  if (faults.length === 0) {
    screen.line(
      screen.tint(
        'good',
        'Verified: every organisation received exactly its own objects, and nothing else.',
      ),
    );
    return;
  }
  screen.line(screen.tint('bad', 'NOT verified:'));
  for (const fault of faults) screen.line(screen.tint('bad', `   ${fault}`));
}

/** An indicator to post by hand. The quotes of its pattern are escaped as JSON may, for the shell. */
export const BY_HAND = [
  `'{"type":"indicator","spec_version":"2.1","name":"Posted by hand",`,
  `"id":"indicator--11111111-1111-4111-8111-111111111111",`,
  `"created":"2026-10-01T12:00:00.000Z","modified":"2026-10-01T12:00:00.000Z",`,
  `"pattern":"[domain-name:value = \\u0027by-hand.example.com\\u0027]",`,
  `"pattern_type":"stix","valid_from":"2026-10-01T12:00:00Z"}'`,
];

/** Commands that work as printed while the demo stays up. The keys die with it. */
export function showHowToGoOn({ url, poster, readers }: Stage, screen: Screen): void {
  const analyst = readers.find(({ receiver }) => receiver === undefined)?.member ?? poster;
  const bearer = (key: string) => `  -H 'Authorization: Bearer ${key}'`;
  screen.title('Try it yourself: the demo runs until Ctrl-C, and then deletes everything.');
  screen.line(`Post as ${poster.slug}, and see below how ${ALLY.slug} gets it:`);
  screen.verbatim(`curl -s '${url}/api/v1/indicators?audience=allies' \\`);
  screen.verbatim(`${bearer(poster.actingKey)} \\`);
  screen.verbatim(`  -H 'Content-Type: application/json' -d ${BY_HAND.join('\n')}`);
  screen.line(`Pull as an analyst of ${analyst.slug}; then ask who that is and what it may see:`);
  for (const path of ['changes?limit=3', 'me']) {
    screen.verbatim(`curl -s '${url}/api/v1/${path}' \\`);
    screen.verbatim(bearer(analyst.analystKey));
  }
  screen.line('Every call there is:');
  screen.verbatim(`${url}/docs`);
  screen.line();
}

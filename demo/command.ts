import { constants } from 'node:os';
import { once } from 'node:events';
import { Command } from 'commander';
import { Problem } from '../src/errors.ts';
import { StoreError } from '../src/store/postgres/store-error.ts';
import { stopOnSignals } from '../src/commands/signals.ts';
import { audit } from './audit.ts';
import { Children, DemoError } from './children.ts';
import { Screen } from './screen.ts';
import { play, setUp, type Stage } from './story.ts';
import { showHowToGoOn, showSummary, showVerdict } from './summary.ts';

/** The demo must be complete by then, on the slowest machine. */
const LIMIT_MS = 60_000;
/** How often the demo prints a sign of life when its output is plain lines. */
const ALIVE_EVERY_MS = 60_000;

/** `tocsin demo [--once]` */
export function demoCommand(): Command {
  return new Command('demo')
    .description('show how sharing works, on this machine, without any set-up')
    .option('--once', 'exit after the demo, with 0 only if all arrivals were verified', false)
    .action(run);
}

async function run({ once: leave }: { once: boolean }): Promise<void> {
  const stopping = stopOnSignals();
  // Nobody reads us any more.
  process.stdout.on('error', () => stopping.abort('SIGPIPE'));
  const stop = stopping.signal;
  const screen = new Screen(process.stdout);
  const children = new Children();
  screen.line(screen.tint('title', 'Tocsin: a CERT posts indicators, and its allies receive them'));
  screen.line('Four made-up organisations on this machine; every value is made up too.');
  try {
    const { stage, faults } = await tell(children, screen, stop);
    if (!stop.aborted) showVerdict(faults, screen);
    process.exitCode = faults.length === 0 ? 0 : 1;
    if (stop.aborted) process.exitCode = exitCodeOf(stop.reason);
    else if (!leave && stage !== undefined && !children.trouble.aborted) {
      await stayUp(stage, screen, AbortSignal.any([stop, children.trouble]));
      if (children.trouble.aborted) {
        screen.line(screen.tint('bad', whyNot(children.trouble.reason)));
        process.exitCode = 1;
      }
    }
  } finally {
    screen.line();
    screen.line(screen.tint('quiet', 'Stopping …'));
    await children.close();
  }
}

/** Answers what was not as it should be, in words, and the stage if the story came to its end. */
async function tell(
  children: Children,
  screen: Screen,
  stop: AbortSignal,
): Promise<{ stage: Stage | undefined; faults: readonly string[] }> {
  const late = AbortSignal.timeout(LIMIT_MS);
  const signal = AbortSignal.any([stop, late, children.trouble]);
  let stage: Stage | undefined;
  try {
    stage = await setUp(children, screen, signal);
    const acts = await play(stage, screen, signal);
    screen.title('Afterwards: trying what must not work, and comparing pull with push');
    const feeds = await audit(stage, acts, screen, signal);
    showSummary(stage, acts, screen);
    const accounts = [...stage.readers.map(({ account }) => account), ...feeds];
    return { stage, faults: accounts.flatMap((account) => account.faults) };
  } catch (error) {
    const found = stage?.readers.flatMap(({ account }) => account.faults) ?? [];
    const why = late.aborted
      ? 'The story took more than 60 s'
      : whyNot(signal.aborted ? signal.reason : error);
    return { stage: undefined, faults: [why, ...found] };
  }
}

/** Reports an error of the environment as a message, an error of the code with its stack. */
function whyNot(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const isForPeople =
    cause instanceof DemoError || cause instanceof StoreError || cause instanceof Problem;
  return isForPeople ? cause.message : (cause.stack ?? cause.message);
}

/** Shows what arrives until it is stopped. */
async function stayUp(stage: Stage, screen: Screen, signal: AbortSignal): Promise<void> {
  showHowToGoOn(stage, screen);
  for (const { member, receiver } of stage.readers) {
    receiver?.reports.on('report', (report) => {
      const time = new Date().toISOString().slice(11, 23);
      if (report.kind === 'verified') {
        const objects = report.versions.length === 1 ? 'object' : 'objects';
        const text = `${time} got ${report.versions.length} ${objects} by webhook, signature verified`;
        screen.about(member.slug, text, 'good');
      }
      if (report.kind === 'refused') {
        screen.about(member.slug, `${time} refused a POST: ${report.why}`, 'bad');
      }
    });
  }
  // Writing is the only way to learn that nobody reads any more.
  const alive = setInterval(() => screen.alive(`Still up at ${stage.url}`), ALIVE_EVERY_MS);
  if (!signal.aborted) await once(signal, 'abort');
  clearInterval(alive);
}

function exitCodeOf(reason: unknown): number {
  const signal = Object.entries(constants.signals).find(([name]) => name === reason);
  return signal === undefined ? 1 : 128 + signal[1];
}

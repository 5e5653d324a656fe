/**
 * Whether commit messages follow CONTRIBUTING.md: `area: Imperative sentence`, at most 100 characters, an
 * empty line, then the reason.
 *
 * - `node scripts/check-commits.ts FILE` checks the message in a file; the hook `commit-msg` calls it so.
 * - `node scripts/check-commits.ts [--since COMMIT]` checks the commits since `base`, as a step of
 *   `npm run check`. Where that history is missing (an archive, a shallow clone), it says so and passes.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { faultsOfProse } from './prose-rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The last commit before this rule; do not imitate the messages of earlier ones. */
const base = 'e0b2199e2d3f29abcda24c9fc9f296a8fb44d72a';

/** Areas besides the folders of the project: what concerns all of them, or no folder. */
const otherAreas = ['ci', 'check', 'deps', 'openapi', 'project'];

/** Verbs that end as an inflected form does. */
const imperatives =
  /^(?:Access|Address|Bring|Bypass|Compress|Discuss|Dismiss|Embed|Exceed|Express|Feed|Focus|Need|Pass|Possess|Proceed|Process|Redress|Seed|Spring|String|Suppress|Succeed|Stress|Swing|Toss)$/;

/** A folder of the project, of `src/` or of `src/http/`; a file of `src/`; or a path of folders. */
function isArea(area: string): boolean {
  const names = ['.', 'src', 'src/http'].flatMap((folder) =>
    existsSync(root + folder) ? readdirSync(root + folder) : [],
  );
  return (
    otherAreas.includes(area) ||
    names.includes(area) ||
    existsSync(`${root}src/${area}`) ||
    existsSync(`${root}src/${area}.ts`)
  );
}

/** What is wrong with the sentence of a subject. */
function faultsOfSentence(sentence: string): string[] {
  const [verb = ''] = sentence.split(/\s/);
  const isInflected = /(?:ed|ing|[^s]s)$/.test(verb) && !imperatives.test(verb);
  return [
    ...(/^[A-Z]/.test(sentence) ? [] : ['The sentence does not begin with a capital letter']),
    ...(isInflected ? [`The sentence does not begin with an imperative: ${verb}`] : []),
    ...(sentence.endsWith('.') ? ['The subject ends with a full stop'] : []),
  ];
}

/** What is wrong with a message. A commit that exists may name a folder that has been renamed since. */
export function faultsOf(message: string, isKnown: (area: string) => boolean = isArea): string[] {
  const lines = message.split('\n').filter((line) => !line.startsWith('#'));
  const [subject = '', second = ''] = lines;
  if (/^(?:(?:Merge|Revert)\b|(?:fixup|squash|amend)!)/.test(subject)) return [];
  const [, areas, sentence] = /^([^:]+): (.+)$/.exec(subject) ?? [];
  if (areas === undefined || sentence === undefined) {
    return ['The subject is not of the form "area: Imperative sentence"'];
  }
  const unknown = areas.split(', ').filter((area) => !isKnown(area));
  const isLong = subject.length > 100;
  return [
    ...unknown.map((area) => `The area is not a folder: ${area}`),
    ...faultsOfSentence(sentence),
    ...(isLong ? [`The subject has ${subject.length} characters; at most 100 are allowed`] : []),
    ...(second.trim() === '' ? [] : ['The line after the subject is not empty']),
    ...faultsOfProse(lines.join('\n'), 'text').map(({ fault }) => fault),
  ];
}

const isLikeArea = (area: string): boolean => /^[a-z][a-z0-9-]*(?:\/[a-z0-9-]+)*$/.test(area);

function git(...args: string[]): string | undefined {
  const run = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  return run.status === 0 ? run.stdout : undefined;
}

/** The messages since a commit, each after the abbreviated hash of its own; undefined without that history. */
function messagesSince(commit: string): string[][] | undefined {
  if (git('merge-base', '--is-ancestor', commit, 'HEAD') === undefined) return undefined;
  const log = git('log', '--no-merges', '--format=%h%x01%B%x00', `${commit}..HEAD`) ?? '';
  const entries = log.split('\0').map((entry) => entry.trim());
  return entries.filter((entry) => entry !== '').map((entry) => entry.split('\u0001'));
}

function main(): void {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { since: { type: 'string', default: base } },
  });
  const [file] = positionals;
  const messages =
    file === undefined ? messagesSince(values.since) : [['message', readFileSync(file, 'utf8')]];
  if (messages === undefined) {
    console.log(`Not checked: this is not a clone with the commits since ${base.slice(0, 9)}`);
    return;
  }
  for (const [commit = '', message = ''] of messages) {
    for (const fault of faultsOf(message, file === undefined ? isLikeArea : isArea)) {
      console.error(`${commit}: ${message.split('\n')[0] ?? ''}\n  ${fault}`);
      process.exitCode = 1;
    }
  }
}

if (import.meta.main) main();

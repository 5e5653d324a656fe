/** From a history that fails to a short one that fails alike. */
import type { Door } from './door.ts';
import { DOORS } from './doors.ts';
import { liveThrough } from './history.ts';
import { newJudge, type Finding } from './judge.ts';
import type { Plan } from './plan.ts';
import { VIEWERS } from './founding.ts';
import { inWords, isAboutContent, TLP_NAMES, type Step } from './step.ts';
import type { Ground } from './world.ts';

const RUNS_MAX = 60;

export interface Shrunk {
  readonly plan: Plan;
  readonly finding: Finding;
}

/** `at` is the step at which the finding was made. Leaves out whatever it does not need. */
export async function shrink(
  ground: Ground,
  { plan, finding, at }: Shrunk & { readonly at: number },
): Promise<Shrunk> {
  let runs = 0;
  let best: Shrunk = { plan: { ...plan, steps: plan.steps.slice(0, at + 1) }, finding };
  const tries = async (steps: readonly Step[]): Promise<boolean> => {
    if (runs++ >= RUNS_MAX || steps.length === 0) return false;
    const candidate = { ...plan, steps };
    const found = await sameFinding(ground, candidate, finding);
    if (found !== undefined) best = { plan: candidate, finding: found };
    return found !== undefined;
  };
  await tries(about(best.plan.steps, finding.thing));
  for (let size = Math.ceil(best.plan.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = best.plan.steps.length - size; start >= 0; start -= size) {
      const { steps } = best.plan;
      await tries([...steps.slice(0, start), ...steps.slice(start + size)]);
    }
  }
  return best;
}

/** The steps about one object alone, or about none where the finding is about something else. */
function about(steps: readonly Step[], thing: Finding['thing']): Step[] {
  return steps.flatMap((step): Step[] => {
    if (!isAboutContent(step)) return [step];
    if (step.act !== 'share') return step.object === thing ? [step] : [];
    const kept = step.objects.flatMap((object, i) => (object === thing ? [i] : []));
    if (kept.length === 0) return [];
    const [objects, ranks] = [
      kept.map((i) => step.objects[i] ?? 0),
      kept.map((i) => step.ranks[i] ?? null),
    ];
    return [{ ...step, objects, ranks }];
  });
}

async function sameFinding(
  ground: Ground,
  plan: Plan,
  { kind, door, viewer }: Finding,
): Promise<Finding | undefined> {
  const judge = newJudge();
  // Read at every step: a shorter history has fewer.
  const doors = DOORS.filter(({ name }) => name === door).map((one): Door => ({
    ...one,
    every: 1,
  }));
  const viewers = VIEWERS.filter(({ name }) => name === viewer);
  await liveThrough(ground, plan, judge, { doors, viewers: door === 'acts' ? [] : viewers });
  return judge.findings.find((one) => one.kind === kind && one.door === door);
}

/** The history and what was found, for people. */
export function tell({ plan, finding }: Shrunk): string {
  const { kind, door, viewer, thing, detail } = finding;
  const what = typeof thing === 'number' ? `object ${thing}` : thing;
  const begins = Object.entries(plan.ceilings).map(([name, rank]) => `${name} ${TLP_NAMES[rank]}`);
  return [
    `seed ${plan.seed}: ${kind} by ${door}: ${viewer}, ${what} (${detail})`,
    `agreed from the beginning up to TLP: ${begins.join(', ')}`,
    ...plan.steps.map((step, i) => `${String(i + 1).padStart(3)}. ${inWords(step)}`),
  ].join('\n');
}

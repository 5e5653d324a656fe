import type { Control } from './abuse.ts';

const PAUSE_MS = 4000;

/** What a run does to its own server, and must notice: each makes the verdict fail. */
export const ABUSE_CONTROLS: Readonly<Record<string, Control>> = {
  'server-ends': ({ pid }) => void process.kill(pid, 'SIGKILL'),
  'server-stands-still': ({ pid }) => {
    process.kill(pid, 'SIGSTOP');
    setTimeout(() => process.kill(pid, 'SIGCONT'), PAUSE_MS);
  },
};

/**
 * `npm run torture -- …`: what of the whole is tried until it breaks. `leaks` lives through random
 * histories of members and shares; `abuse` attacks a server while a member goes about its work;
 * anything else is what happens under kills.
 */
const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  leaks: () => import('../leaks/command.ts'),
  abuse: () => import('./abuse/command.ts'),
};
await (COMMANDS[process.argv[2] ?? ''] ?? (() => import('./command.ts')))();

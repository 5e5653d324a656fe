/**
 * `npm run torture -- …`: what of the whole is tried until it breaks. `leaks` lives through random
 * histories of members and shares; anything else is what happens under kills.
 */
await (process.argv[2] === 'leaks' ? import('../leaks/command.ts') : import('./command.ts'));

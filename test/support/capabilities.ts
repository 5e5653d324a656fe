import { readFileSync } from 'node:fs';

/** The bits of linux/capability.h that a container may withhold even from root. */
const BITS = { sys_ptrace: 19n, sys_admin: 21n } as const;

/** Whether this process may do what the capability allows; false where there are none. */
export function hasCapability(name: keyof typeof BITS): boolean {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const held = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
    return (held & (1n << BITS[name])) !== 0n;
  } catch {
    return false;
  }
}

import { environmentWith } from '../src/config.ts';

/** The settings of the demo's server; what the user has set for another Tocsin is left out. */
export function demoEnvironment(dataDir: string): NodeJS.ProcessEnv {
  return environmentWith({
    TOCSIN_DATA_DIR: dataDir,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'error',
    // The receivers of the demo are on this machine, where webhooks do not go otherwise.
    TOCSIN_EGRESS_ALLOW: '127.0.0.0/8',
  });
}

import { totalmem } from 'node:os';

const MIB = 1024 * 1024;

/**
 * The settings of the embedded server, given on its command line so that a new release of Tocsin
 * brings its own. Connections come over loopback TCP alone; what is logged never holds the text of
 * a statement or the values of a row, since those are indicators.
 */
export function serverSettings(port: number, memoryBytes = totalmem()): Record<string, string> {
  const bufferMiB = Math.round(Math.min(Math.max(memoryBytes / MIB / 16, 64), 1024));
  const cacheMiB = Math.round(Math.max(memoryBytes / MIB / 4, 128));
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    password_encryption: 'scram-sha-256',
    fsync: 'on',
    synchronous_commit: 'on',
    shared_buffers: `${bufferMiB}MB`,
    effective_cache_size: `${cacheMiB}MB`,
    work_mem: '16MB',
    maintenance_work_mem: '128MB',
    max_wal_size: '4GB',
    checkpoint_timeout: '15min',
    random_page_cost: '1.1',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    log_min_messages: 'warning',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] ',
  };
}

/** As arguments of the `postgres` program. */
export function settingArguments(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

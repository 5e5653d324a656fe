/** Every reason for which Tocsin refuses to start on a database, or to continue with it. */
export type StoreErrorCode =
  // the embedded server
  | 'binaries_missing'
  | 'binaries_unusable'
  | 'data_directory_unusable'
  | 'data_directory_not_ours'
  | 'data_directory_foreign'
  | 'data_directory_other_major'
  | 'data_directory_unreachable'
  | 'credentials_missing'
  | 'master_secret_missing'
  | 'master_secret_other'
  | 'installation_missing'
  | 'already_serving'
  | 'start_lock_held'
  | 'port_in_use'
  | 'disk_full'
  | 'orphans_running'
  | 'postgres_start_failed'
  | 'postgres_stop_failed'
  // backups
  | 'backup_damaged'
  | 'backup_exists'
  | 'backup_failed'
  | 'backup_not_authentic'
  | 'backup_not_embedded'
  | 'backup_of_another_secret'
  | 'data_directory_in_use'
  | 'servers_running'
  // migrations
  | 'database_unreachable'
  | 'postgres_too_old'
  | 'migrations_pending'
  | 'migration_altered'
  | 'migration_failed'
  | 'migration_rights_missing'
  | 'database_newer_than_code';

/** A refusal an operator can act on: a stable code, what is wrong, and what to do about it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly advice: string;

  constructor(code: StoreErrorCode, problem: string, advice: string, options?: ErrorOptions) {
    super(`${problem} ${advice}`, options);
    this.code = code;
    this.advice = advice;
  }
}

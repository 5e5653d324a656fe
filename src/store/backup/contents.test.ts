import { expect, it } from 'vitest';
import { treatmentOf } from './contents.ts';

it.each([
  ['postgres.json', 'file'],
  ['postgres/', 'directory'],
  ['postgres', 'directory'],
  ['postgres/PG_VERSION', 'file'],
  ['postgres/backup_label', 'file'],
  ['postgres/base/', 'directory'],
  ['postgres/base/16384/2619_fsm', 'file'],
  ['postgres/global/pg_control', 'file'],
  ['postgres/pg_tblspc/', 'directory'],
  ['postgres/pg_wal/archive_status/', 'directory'],
  ['postgres/pg_wal/000000010000000000000003', 'file'],
])('restores %s (%s)', (name, type) => {
  expect(treatmentOf({ name, type })).toBe('restore');
});

it.each([
  'postgres/postgresql.conf',
  'postgres/postgresql.auto.conf',
  'postgres/pg_hba.conf',
  'postgres/pg_ident.conf',
  'postgres/backup_label.old',
])('ignores %s', (name) => {
  expect(treatmentOf({ name, type: 'file' })).toBe('ignore');
});

it.each([
  ['postgres/recovery.signal', 'file'],
  ['postgres/standby.signal', 'file'],
  ['postgres/tablespace_map', 'file'],
  ['postgres/postmaster.opts', 'file'],
  ['postgres/extra.conf', 'file'],
  ['postgres/PG_VERSION', 'directory'],
  ['postgres/postgresql.conf', 'directory'],
  ['postgres/base', 'file'],
  ['postgres/base/1/pg_internal.init', 'file'],
  ['postgres/global/pg_internal.init', 'file'],
  ['postgres/pg_replslot/x/state', 'file'],
  ['postgres/pg_replslot/x/', 'directory'],
  ['postgres/pg_tblspc/16400', 'symlink'],
  ['postgres/pg_tblspc/16400/', 'directory'],
  ['postgres/base/x', 'symlink'],
  ['postgres/base/x', 'link'],
  ['postgres/base/x', 'fifo'],
  ['postgres/base/x', 'character-device'],
  ['postgres/base/x', 'contiguous-file'],
  ['postgres/pg_wal', 'symlink'],
  ['postgres/base/x', null],
  ['postgres/other/', 'directory'],
  ['postgres/base/../../x', 'file'],
  ['postgres/base//x', 'file'],
  ['/postgres/base/x', 'file'],
  ['postgres', 'file'],
  ['postgresx/base/x', 'file'],
  ['postgres.json', 'symlink'],
  ['postgres.json', 'directory'],
  ['master.secret', 'file'],
  ['admin.key', 'file'],
])('refuses %s (%s)', (name, type) => {
  expect(treatmentOf({ name, type })).toBeUndefined();
});

import { z } from 'zod';

/** The first file of a backup: what it is, and what it must at least contain. */
export const BackupAbout = z.strictObject({
  format: z.literal('tocsin-backup/1'),
  /** The version of Tocsin that made it. */
  tocsin: z.string().max(100),
  begun_at: z.iso.datetime(),
  /** Of the master secret: the same secret has the same, and it says nothing about the secret. */
  secret_fingerprint: z.string().max(100),
  /** The last position of the log before the backup began. */
  log_head: z.int().min(0),
  /** The newest signed head of the audit before the backup began; null before the first. */
  audit_checkpoint: z.string().max(100_000).nullable(),
});

export type BackupAbout = z.infer<typeof BackupAbout>;

/**
 * What a browser carries from one step of a single sign-on to the next: sealed into a cookie, so
 * that the server holds nothing, however many begin and never come back.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '../errors.ts';
import { seal, unseal, type Keyring } from '../keyring.ts';

const STATE_MS = 10 * 60_000;

interface Sealed {
  /** When, in ms since 1970. */
  readonly at: number;
  readonly realm?: string | undefined;
}

interface States {
  /** On the way to the provider and back. */
  readonly flow: Sealed & {
    readonly invitation?: string | undefined;
    readonly state: string;
    readonly nonce: string;
    readonly verifier: string;
  };
  /** Came back, and owes a code. */
  readonly pending: Sealed & {
    readonly userId: string;
    readonly secondFactorElsewhere: boolean;
  };
  /** Came back, and owes a confirmation. */
  readonly binding: Sealed & {
    readonly userId: string;
    readonly invitation?: string | undefined;
    readonly issuer: string;
    readonly subject: string;
    readonly email?: string | undefined;
    /** Whether the provider said that a second factor was used. */
    readonly secondFactorElsewhere: boolean;
  };
}

type Kind = keyof States;
export type State<K extends Kind> = States[K];

const sealedShape = { at: z.number(), realm: z.string().optional() };
const returnedShape = { ...sealedShape, userId: z.string(), secondFactorElsewhere: z.boolean() };
const invitation = z.string().optional();

const SCHEMAS: { readonly [K in Kind]: z.ZodType<States[K]> } = {
  flow: z.object({
    ...sealedShape,
    invitation,
    state: z.string(),
    nonce: z.string(),
    verifier: z.string(),
  }),
  pending: z.object(returnedShape),
  binding: z.object({
    ...returnedShape,
    invitation,
    issuer: z.string(),
    subject: z.string(),
    email: z.string().optional(),
  }),
};

interface Context {
  readonly keyring: Keyring;
  readonly clock: { now(): Date };
}

/** Seals a state as of now. */
export function sealState<K extends Kind>(
  { keyring, clock }: Context,
  kind: K,
  value: Omit<State<K>, 'at'>,
): string {
  const plain = Buffer.from(JSON.stringify({ ...value, at: clock.now().getTime() }));
  return seal(keyring, 'stored-secret', plain, `single-sign-on ${kind}`).toString('base64url');
}

/** Throws Problem single_sign_on_failed for what is not ours, or older than ten minutes. */
export function openState<K extends Kind>(
  { keyring, clock }: Context,
  kind: K,
  text: string,
): State<K> {
  const sealed = Buffer.from(text, 'base64url');
  const plain = unseal(keyring, 'stored-secret', sealed, `single-sign-on ${kind}`);
  if (plain === undefined) throw failed();
  const value = SCHEMAS[kind].parse(JSON.parse(plain.toString('utf8')));
  if (clock.now().getTime() - value.at > STATE_MS) throw failed();
  return value;
}

/** What a page of this server sends along, to show that it has read what is to be confirmed. */
export function confirmationToken({ keyring }: Pick<Context, 'keyring'>, sealed: string): string {
  const [key] = keyring.keys('stored-secret');
  return createHmac('sha256', key).update(`single-sign-on confirm ${sealed}`).digest('base64url');
}

/** Throws Problem single_sign_on_failed unless this is the token for that state. */
export function checkConfirmation(
  context: Pick<Context, 'keyring'>,
  sealed: string,
  token: string,
): void {
  const expected = Buffer.from(confirmationToken(context, sealed));
  const given = Buffer.from(token);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw failed();
}

/** Something about this sign-on is not as it should be; the log has the cause. */
export function failed(cause?: unknown): Problem {
  const detail = 'Start again. If it fails again, send the operator the id in `instance`';
  return new Problem('single_sign_on_failed', detail, { cause });
}

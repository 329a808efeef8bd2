import { hash } from 'node:crypto';
import type { DirectoryPrincipal } from './directory-entry.ts';

/** A person's passkey as a relying party remembers it (Web Authentication Level 3 §4, credential record). */
export interface Passkey {
  /** What we name it by: the digest of its credential id. */
  readonly id: string;
  /** The credential id that its authenticator gave it, in base64url. */
  readonly credential: string;
  /** The public key in COSE form (RFC 9052 §7). */
  readonly publicKey: Uint8Array;
  /** How often the authenticator says that it was used; many always say 0. */
  readonly counter: number;
  /** Whether it may be copied to further devices; this never changes. */
  readonly backupEligible: boolean;
  readonly transports: readonly string[];
  /** The enrolment of factors that it was registered under: its owner's `mfaEnrolledAt` of that time. */
  readonly enrolment: string;
  /** What its owner calls it. */
  readonly name?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly lastUsedAt?: string;
}

/** Passkeys of one person at a time. */
export const mostPasskeys = 10;

/** Whether a passkey is one of a person's present factors: what was registered before a reset of them is none any more. */
export const isPresent = (
  { enrolment }: Pick<Passkey, 'enrolment'>,
  person: Pick<DirectoryPrincipal, 'mfaEnrolledAt'> | undefined,
): boolean => person?.mfaEnrolledAt !== undefined && enrolment === person.mfaEnrolledAt;

/** The name that we give to a credential id: of one length, whatever an authenticator makes up. */
export const passkeyId = (credential: string): string => hash('sha256', credential, 'base64url');

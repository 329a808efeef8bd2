import type { Role } from '../../model/vocabulary.ts';

/** How strong a second factor is, weakest first. */
export const factors = ['totp', 'passkey'] as const;
/** A second factor. */
export type Factor = (typeof factors)[number];

/** Whether a principal may act: `removed` is for good, and its subject is never given to anyone else. */
export const principalStatuses = ['active', 'suspended', 'removed'] as const;
/** Whether a principal may act. */
export type PrincipalStatus = (typeof principalStatuses)[number];

/** Someone, or a machine, in the directory: who they are to the platform. */
export interface DirectoryPrincipal {
  readonly subject: string;
  readonly tenant: string;
  readonly role: Role;
  /** Bumped at each change of role or status. */
  readonly roleVersion: number;
  readonly status: PrincipalStatus;
  /** The patient record that is the person's own; role patient only. */
  readonly patient?: string;
  /** ISO 8601. */
  readonly createdAt?: string;
  /** The subject of the administrator who created them; absent when an operator did. */
  readonly createdBy?: string;
  /** ISO 8601; absent until a second factor is enrolled and verified. */
  readonly mfaEnrolledAt?: string;
  /** ISO 8601; when the factors were reset, until another one is enrolled in a sign-in that began later. */
  readonly mustEnrolSince?: string;
  /** The day of the last training, `YYYY-MM-DD` (45 CFR 164.308(a)(5)). */
  readonly trainedOn?: string;
  /** ISO 8601; when a review of access that nobody has attested yet takes the grant away. */
  readonly grantExpiresAt?: string;
}

/** What of a principal changes; a member that is undefined is taken away. */
export type PrincipalChange = {
  readonly [K in 'role' | 'status' | 'trainedOn' | 'mustEnrolSince']?: NonNullable<DirectoryPrincipal[K]>;
} & { readonly [K in 'mfaEnrolledAt' | 'grantExpiresAt']?: undefined };

/** What a principal may do, as it was read; the enrolment only where something rests on it. */
export type PrincipalVersion = Pick<
  DirectoryPrincipal,
  'subject' | 'tenant' | 'role' | 'roleVersion' | 'status' | 'mfaEnrolledAt'
>;

/** Whether a review of access has taken the grant away, because nobody attested it in time. */
export const isExpired = (
  { grantExpiresAt }: Pick<DirectoryPrincipal, 'grantExpiresAt'>,
  now: Date,
): boolean => grantExpiresAt !== undefined && Date.parse(grantExpiresAt) <= now.getTime();

/** What a principal may do, as audit entries tell it: role and status. */
export const grantOf = ({ role, status }: Pick<DirectoryPrincipal, 'role' | 'status'>): string =>
  `${role}.${status}`;

/** A tenant in the directory. */
export interface DirectoryTenant {
  readonly tenant: string;
  readonly name: string;
  readonly status: 'active' | 'suspended';
  /** ISO 8601. */
  readonly createdAt?: string;
}

/** What kind of client is registered: an application that people sign in to, or a machine that acts for itself. */
export const clientKinds = ['public', 'confidential', 'machine'] as const;
/** What kind of client is registered. */
export type ClientKind = (typeof clientKinds)[number];

/** A client of a tenant in the directory. A machine is a principal besides, whose subject is the client's id. */
export interface DirectoryClient {
  readonly client: string;
  readonly tenant: string;
  readonly name: string;
  readonly kind: ClientKind;
  readonly status: 'active' | 'removed';
  /** All that the client's tokens can ever have. */
  readonly scopes: readonly string[];
  /** Where managed login may send a person back, compared character by character. */
  readonly redirectUris?: readonly string[];
  /** SHA-256 of the certificate that the client must show, in base64url (RFC 8705 §3.1); machines of partners only. */
  readonly certificate?: string;
  /** The id of the secret that was retired last, which Cognito may not have followed yet; machines only. */
  readonly retiredSecret?: string;
  /** ISO 8601. */
  readonly createdAt?: string;
}

/** What a person lets an application do. */
export interface DirectoryConsent {
  readonly subject: string;
  readonly client: string;
  readonly scopes: readonly string[];
  /** ISO 8601. */
  readonly grantedAt: string;
}

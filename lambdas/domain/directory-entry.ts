import type { Role } from '../../model/vocabulary.ts';

/** How strong a second factor is, weakest first. */
export const factors = ['totp', 'passkey'] as const;
/** A second factor. */
export type Factor = (typeof factors)[number];

/** A person in the directory: who they are to the platform. */
export interface DirectoryPrincipal {
  readonly subject: string;
  readonly tenant: string;
  readonly role: Role;
  readonly roleVersion: number;
  readonly status: 'active' | 'suspended';
  /** The patient record that is the person's own; role patient only. */
  readonly patient?: string;
  /** ISO 8601; absent until a second factor is enrolled and verified. */
  readonly mfaEnrolledAt?: string;
  readonly factor?: Factor;
  /** The client through which the sign-in façade saw the factor verified. */
  readonly evidenceClient?: string;
}

/** A tenant in the directory. */
export interface DirectoryTenant {
  readonly tenant: string;
  readonly name: string;
  readonly status: 'active' | 'suspended';
}

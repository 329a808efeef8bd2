import type { AuditEventType } from '../../model/audit-event-types.ts';
import type { PurposeOfUse, Role } from '../../model/vocabulary.ts';

/** The change of one field: keyed digests, never values (45 CFR 164.312(b), requirement E4). */
export interface FieldChange {
  readonly field: string;
  /** Base64url HMAC under the patient's integrity key; absent when the field had no value. */
  readonly before?: string;
  /** Likewise; absent when the field has no value now. */
  readonly after?: string;
}

/** Which second factor was verified. */
export const mfaStates = ['none', 'totp', 'passkey'] as const;
/** Which second factor was verified. */
export type MfaState = (typeof mfaStates)[number];

/** One audit entry (design.md §6). No member ever holds PHI. */
export interface AuditEntry {
  readonly format: 1;
  /** 26 characters derived from the request id, so that a retry is the same entry. */
  readonly id: string;
  readonly type: AuditEventType;
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly tenant: string;
  readonly operation: string;
  readonly outcome: 'success' | 'refused' | 'failure';
  readonly status: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly requestId: string;
  readonly writer: string;
  /** Counts this writer's entries from 1. */
  readonly writerCounter: number;
  readonly actor?: string;
  readonly role?: Role;
  readonly session?: string;
  readonly client?: string;
  readonly purpose?: PurposeOfUse;
  readonly scopes?: readonly string[];
  /** `<Resource>.<role>.<purpose>.<interaction>`, an operation's id, or the rule that refused. */
  readonly policy?: string;
  readonly problem?: string;
  readonly patient?: string;
  readonly resource?: string;
  readonly resourceId?: string;
  readonly version?: number;
  /** Names of the fields that were disclosed. */
  readonly disclosed?: readonly string[];
  /** The records that a search disclosed. */
  readonly matches?: readonly { readonly patient: string; readonly id: string; readonly version: number }[];
  readonly changes?: readonly FieldChange[];
  /** Further records of the patient that the same transaction changed. */
  readonly alongside?: readonly {
    readonly resource: string;
    readonly id: string;
    readonly version: number;
  }[];
  readonly parameters?: readonly string[];
  /** The strongest factor that was verified, of a sign-in or session; `none` when no second one was. */
  readonly mfa?: MfaState;
  /** What someone may do, before and after: a role and its status, such as `nurse.active`. */
  readonly grant?: { readonly before?: string; readonly after?: string };
  readonly sourceAddress?: string;
  readonly userAgent?: string;
}

/** What an operation adds to its request's audit entry while it runs. */
export type AuditFacts = {
  -readonly [K in
    | 'type'
    | 'policy'
    | 'patient'
    | 'resource'
    | 'resourceId'
    | 'version'
    | 'disclosed'
    | 'matches'
    | 'changes'
    | 'alongside'
    | 'actor'
    | 'role'
    | 'session'
    | 'client'
    | 'tenant'
    | 'mfa'
    | 'grant']?: AuditEntry[K];
};

import type { AuditEventType } from '../../model/audit-event-types.ts';
import type { ProblemCode } from '../../model/problems.ts';

/** What an error adds to its answer and to its audit entry. */
export interface ApiErrorOptions {
  /** Headers of the answer, such as `retry-after`. */
  readonly headers?: { readonly [name: string]: string };
  /** The audit type, where it is closer than the catalogue's. */
  readonly event?: AuditEventType;
  /** The permission or rule that decided. */
  readonly policy?: string;
  /** What went wrong, for a debugger; it is never logged and never answered. */
  readonly cause?: unknown;
}

/** An error that the caller may see: its code, and with it status and title, come from the fixed catalogue (RFC 9457). */
export class ApiError extends Error {
  readonly code: ProblemCode;
  readonly headers: { readonly [name: string]: string };
  readonly event: AuditEventType | undefined;
  readonly policy: string | undefined;

  constructor(code: ProblemCode, { headers = {}, event, policy, cause }: ApiErrorOptions = {}) {
    super(code, { cause });
    this.name = 'ApiError';
    this.code = code;
    this.headers = headers;
    this.event = event;
    this.policy = policy;
  }
}

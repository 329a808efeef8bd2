import type { Operation } from '../../model/derive/operations.ts';
import type { PurposeOfUse } from '../../model/vocabulary.ts';
import type { AuditEntry, AuditFacts } from '../domain/audit-entry.ts';
import type { Principal } from '../domain/principal.ts';

/** A request after the chain has parsed, validated and authenticated it. */
export interface OperationRequest<O extends Operation = Operation> {
  readonly operation: O;
  readonly requestId: string;
  readonly now: Date;
  /** Absent only on operations before sign-in. */
  readonly principal?: Principal;
  readonly purpose?: PurposeOfUse;
  /** The validated, canonicalized JSON body. */
  readonly body: unknown;
  readonly pathParameters: { readonly [name: string]: string };
  /** The fields asked for by `fields=`; absent means the summary. */
  readonly fields?: readonly string[];
  readonly ifMatch?: number;
  readonly idempotencyKey?: string;
  readonly sourceAddress: string;
  readonly userAgent: string;
  /** The operation adds to it what its audit entry must say, as soon as it is known. */
  readonly facts: AuditFacts;
  /**
   * Completes the request's audit entry for an operation that commits it in its own transaction; the chain then writes
   * no second one.
   * @returns the `Put` for the transaction, and `committed` to call once it has succeeded.
   */
  readonly auditInTransaction: (status: number) => {
    readonly entry: AuditEntry;
    readonly committed: () => void;
  };
}

/** What an operation answers; the chain turns it into HTTP. */
export interface OperationResult {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: unknown;
}

/**
 * One kind of operation: `fetch` starts the reads at once, in parallel with the session check; `complete` runs only when
 * the session is live, decides, and answers. The split makes it impossible to decide on a dead session.
 */
export interface Run<P, F, O extends Operation = Operation> {
  readonly fetch: (request: OperationRequest<O>, ports: P) => Promise<F>;
  readonly complete: (request: OperationRequest<O>, fetched: F, ports: P) => Promise<OperationResult>;
}

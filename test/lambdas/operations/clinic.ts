import type { AuditEntry, AuditFacts } from '../../../lambdas/domain/audit-entry.ts';
import type { Principal } from '../../../lambdas/domain/principal.ts';
import { resourceRuns } from '../../../lambdas/operations/resource-runs.ts';
import type { OperationRequest, OperationResult } from '../../../lambdas/operations/run.ts';
import type { ChartPorts } from '../../../lambdas/ports/chart-ports.ts';
import type { ResourceOperation } from '../../../model/derive/operations.ts';
import { operations } from '../../../model/derive/operations.ts';
import type { PurposeOfUse, Role } from '../../../model/vocabulary.ts';
import { usualPurpose } from '../../../model/vocabulary.ts';

/** What the chain leaves to an operation, apart from who asks. */
export interface Asked {
  readonly id?: string;
  readonly body?: unknown;
  readonly fields?: readonly string[];
  readonly ifMatch?: number;
  readonly idempotencyKey?: string;
  readonly purpose?: PurposeOfUse;
  readonly now?: Date;
}

/** An answer, what the operation noted for the audit entry, and whether it wrote that entry itself. */
export interface Answered extends OperationResult {
  readonly body: { readonly [member: string]: unknown } & {
    readonly id?: string;
    readonly items?: readonly { readonly [field: string]: unknown }[];
  };
  readonly facts: AuditFacts;
  readonly committed: boolean;
}

let requests = 0;

/** A principal of a tenant. */
export const person = (tenant: string, role: Role, more: Partial<Principal> = {}): Principal => ({
  subject: crypto.randomUUID(),
  tenant,
  role,
  roleVersion: 1,
  scopes: new Set(),
  session: crypto.randomUUID(),
  client: 'client',
  ...more,
});

/** The operation of an id. */
export const operationOf = (id: string): ResourceOperation => {
  const operation = operations.find((known) => known.id === id);
  if (operation?.kind !== 'resource') throw new Error(`no operation ${id}`);
  return operation;
};

const noted = new WeakMap<object, AuditFacts>();

/** What the operation had noted for the audit entry when it refused. */
export const factsOfRefusal = async (asked: Promise<unknown>): Promise<AuditFacts | undefined> =>
  asked.then(
    () => undefined,
    (error: object) => noted.get(error),
  );

/** Runs an operation as the chain does, with a live session. */
export const ask = async (
  ports: ChartPorts,
  principal: Principal | undefined,
  asked: string | ResourceOperation,
  { id, purpose = principal && usualPurpose[principal.role], now = new Date(), ...more }: Asked,
): Promise<Answered> => {
  const operation = typeof asked === 'string' ? operationOf(asked) : asked;
  requests += 1;
  const requestId = `request-${requests}`;
  const facts: AuditFacts = {};
  let committed = false;
  const request: OperationRequest<ResourceOperation> = {
    operation,
    requestId,
    now,
    ...(principal && { principal }),
    ...(purpose && { purpose }),
    body: more.body,
    pathParameters: id === undefined ? {} : { id },
    ...(more.fields && { fields: more.fields }),
    ...(more.ifMatch !== undefined && { ifMatch: more.ifMatch }),
    ...(more.idempotencyKey !== undefined && { idempotencyKey: more.idempotencyKey }),
    sourceAddress: '192.0.2.1',
    userAgent: 'test',
    facts,
    auditInTransaction: (status) => ({
      entry: entryOf(request, status),
      committed: () => {
        committed = true;
      },
    }),
  };
  const run = resourceRuns[operation.interaction];
  const answer = async () => run.complete(request, await run.fetch(request, ports), ports);
  const result = await answer().catch((error: object) => {
    noted.set(error, facts);
    throw error;
  });
  return { ...result, body: result.body as Answered['body'], facts, committed };
};

/** The entry that the chain would complete from a request's facts. */
export const entryOf = (
  { operation, principal, now, requestId, facts }: OperationRequest<ResourceOperation>,
  status: number,
): AuditEntry => ({
  format: 1,
  id: requestId.toUpperCase().padEnd(26, '0'),
  type: operation.event,
  time: now.toISOString(),
  tenant: principal?.tenant ?? '',
  operation: operation.id,
  outcome: 'success',
  status,
  duration: 1,
  requestId,
  writer: 'W',
  writerCounter: 1,
  ...facts,
});

/** A patient's content, every field set. */
export const patientBody = {
  name: { family: "O'Brien", given: ['José', 'Niamh'] },
  birthDate: '1984-02-29',
  gender: 'female',
  mrn: 'SYN-000042',
  ssn: '219-09-9999',
  email: 'jose.obrien@example.org',
  phone: '+1 555 0100',
  address: { line: ['1 Example Street'], city: 'Springfield', country: 'US' },
  identifier: [
    { system: 'urn:oid:2.999.1', value: 'EXT-7' },
    { system: 'urn:oid:2.999.2', value: 'EXT-8' },
  ],
  insurance: { payor: 'Example Health Plan', subscriberId: 'SUB-000042' },
};

/** A vital sign's content. */
export const vitalBody = (patient: string, value = 72) => ({
  patient,
  code: '8867-4',
  valueQuantity: { value, code: '/min' },
  effectiveDateTime: '2026-01-05T08:30:00Z',
});

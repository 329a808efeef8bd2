import type { AnyResource } from '../../model/define/define-resource.ts';
import type { ResourceOperation } from '../../model/derive/operations.ts';
import { resources } from '../../model/resources.ts';
import type { Role } from '../../model/vocabulary.ts';
import { basePath } from '../../model/vocabulary.ts';
import type { AccessContent } from '../domain/access-item.ts';
import { grantOf, withGrant } from '../domain/access-item.ts';
import { ApiError } from '../domain/api-error.ts';
import type { IdempotencyEntry } from '../domain/idempotency.ts';
import { idempotencyDigest, newIdempotencyEntry, replayOf } from '../domain/idempotency.ts';
import { newPatientId, newRecordId, patientOf } from '../domain/identifiers.ts';
import { authenticateAccess } from '../domain/item-authentication.ts';
import type { PatientKeys } from '../domain/patient-keys.ts';
import { newestKey, newPatientKeys, openPatientKeys } from '../domain/patient-keys.ts';
import type { RecordChange, Values } from '../domain/record-content.ts';
import { createRecord } from '../domain/record-content.ts';
import type { RecordAddress } from '../domain/storage-keys.ts';
import { writtenFields } from '../domain/written-fields.ts';
import type { ChartPorts } from '../ports/chart-ports.ts';
import type { TenantKeys } from '../ports/key-ring.ts';
import type { Change } from '../ports/record-store.ts';
import type { ChartItems, Permitted, ResourceRequest } from './chart.ts';
import { bodyOf, chartItems, completeKeys, entityTag, permitted, reach } from './chart.ts';
import type { OperationResult, Run } from './run.ts';

interface Prepared extends ChartItems {
  readonly tenantKeys?: TenantKeys;
  /** The patient to whose chart the record is to be added. */
  readonly patient?: string;
  /** The name of the request's idempotency entry. */
  readonly digest?: string;
  readonly remembered?: IdempotencyEntry;
}

/** A new record, what else its transaction writes, and the further records among it. */
interface Creation {
  readonly address: RecordAddress;
  readonly created: RecordChange;
  readonly others: readonly Change[];
  readonly alongside?: RecordChange;
}

const recordChanges = ({ record, addedIndexes }: RecordChange): Change[] => [
  { kind: 'record', record },
  ...addedIndexes.map((entry): Change => ({ kind: 'addIndex', record, entry })),
];

const relationships: readonly AnyResource[] = resources.filter(({ relationship }) => relationship);

/** The declared relationship by which a role joins a patient that it creates. */
const joining = (role: Role): { resource: AnyResource; fields: Values } => {
  for (const resource of relationships) {
    const fields = resource.relationship?.joins?.[role as keyof typeof resource.relationship.joins];
    if (fields) return { resource, fields };
  }
  throw new ApiError('not-permitted');
};

const joinCreator = (
  { principal }: Permitted,
  { tenant, patient }: RecordAddress,
  keys: { readonly patient: PatientKeys; readonly index: TenantKeys['index'] },
  now: Date,
): { readonly joined: RecordChange; readonly content: AccessContent } => {
  const { resource, fields } = joining(principal.role);
  const { relationship } = resource;
  if (relationship === undefined) throw new ApiError('not-permitted');
  const values = {
    ...fields,
    [relationship.member]: principal.subject,
    [relationship.period]: { start: now.toISOString() },
  };
  const address = { tenant, patient, resource: resource.name, id: newRecordId(patient, now) };
  const joined = createRecord(resource, address, values, keys, now);
  return { joined, content: withGrant({ grants: {} }, address.id, grantOf(relationship, values)) };
};

const createPatient = (
  { operation: { resource }, now }: ResourceRequest,
  by: Permitted,
  values: Values,
  { branches, index }: TenantKeys,
  { keyRing }: ChartPorts,
): Creation => {
  const { tenant } = by.principal;
  const patient = newPatientId();
  const address = { tenant, patient, resource: resource.name, id: patient };
  const wrapped = newPatientKeys(address, keyRing.compartments, branches);
  const keys = { patient: openPatientKeys(wrapped, branches), index };
  const created = createRecord(resource, address, values, keys, now);
  const join = by.permission.reach === 'careTeam' ? joinCreator(by, address, keys, now) : undefined;
  const access = authenticateAccess(
    { tenant, patient, version: 1 },
    join?.content ?? { grants: {} },
    newestKey(keys.patient, 'integrity'),
  );
  return {
    address,
    created,
    others: [
      { kind: 'newKeys', keys: wrapped },
      { kind: 'access', item: access },
      ...(join ? recordChanges(join.joined) : []),
    ],
    ...(join && { alongside: join.joined }),
  };
};

const createInChart = (
  request: ResourceRequest,
  by: Permitted,
  values: Values,
  { patient, tenantKeys, ...items }: Prepared & { readonly tenantKeys: TenantKeys },
): Creation => {
  const { operation, now } = request;
  const { resource } = operation;
  const { tenant } = by.principal;
  const chart = patient === undefined ? undefined : reach(request, by, patient, items);
  if (patient === undefined || chart === undefined) throw new ApiError('not-found');
  const { keys, more } = completeKeys(operation, chart, tenantKeys);
  const address = { tenant, patient, resource: resource.name, id: newRecordId(patient, now) };
  const created = createRecord(resource, address, values, { patient: keys, index: tenantKeys.index }, now);
  const others: Change[] = more ? [{ kind: 'moreKeys', keys: more }] : [];
  if (resource.relationship) {
    const content = withGrant(chart.content, address.id, grantOf(resource.relationship, values));
    const version = chart.accessVersion + 1;
    const item = authenticateAccess({ tenant, patient, version }, content, newestKey(keys, 'integrity'));
    others.push({ kind: 'access', item, replaces: chart.accessVersion });
  }
  return { address, created, others };
};

const answer = ({ resource, status }: ResourceOperation, id: string, version: number): OperationResult => ({
  status,
  headers: {
    location: `/${basePath(resource.capability)}${resource.path}/${id}`,
    etag: entityTag(version),
  },
  body: { id },
});

/** Creates a record, once for an `Idempotency-Key` (requirement F9). */
export const create: Run<ChartPorts, Prepared, ResourceOperation> = {
  fetch: async ({ operation, principal, body, idempotencyKey }, ports) => {
    if (principal === undefined) return {};
    const { tenant } = principal;
    const named = operation.resource.subject === 'patient' ? (bodyOf({ body }).patient as string) : undefined;
    const patient = named === undefined ? undefined : patientOf({ subject: 'id' }, named);
    const loading = ports.keyRing.tenantKeys(tenant);
    const digest =
      idempotencyKey === undefined
        ? undefined
        : idempotencyDigest(principal, operation.id, idempotencyKey, (await loading).index);
    const wanted = {
      tenant,
      patients: patient === undefined ? [] : [patient],
      ...(digest !== undefined && { idempotency: digest }),
    };
    const needed = patient !== undefined || digest !== undefined;
    const [tenantKeys, fetched] = await Promise.all([
      loading,
      needed ? ports.records.fetch(wanted) : undefined,
    ]);
    return {
      tenantKeys,
      ...(digest !== undefined && { digest }),
      ...(fetched?.idempotency && { remembered: fetched.idempotency }),
      ...(patient !== undefined && fetched && { patient, ...(await chartItems(fetched, patient, ports)) }),
    };
  },

  complete: async (request, prepared, ports) => {
    const { operation, facts, now } = request;
    const { tenantKeys, patient, digest, remembered } = prepared;
    const by = permitted(request);
    const { tenant } = by.principal;
    if (tenantKeys === undefined) throw new ApiError('not-permitted');
    if (patient !== undefined) facts.patient = patient;
    const values = writtenFields(by.permission, bodyOf(request));
    if (remembered) {
      if (operation.resource.subject === 'patient' && !(patient && reach(request, by, patient, prepared)))
        throw new ApiError('not-found');
      const replay = replayOf(remembered, request.body, tenantKeys.index, now);
      if (replay) {
        facts.policy = 'idempotency.replay';
        facts.patient = patient ?? replay.id;
        facts.resourceId = replay.id;
        facts.version = replay.version;
        return answer(operation, replay.id, replay.version);
      }
    }

    const { address, created, others, alongside } =
      operation.resource.subject === 'id'
        ? createPatient(request, by, values, tenantKeys, ports)
        : createInChart(request, by, values, { ...prepared, tenantKeys });
    const { id } = address;
    const { version } = created.record;
    const changes: Change[] = [...recordChanges(created), ...others];
    if (digest !== undefined) {
      const entry = newIdempotencyEntry({ tenant, digest, id, version }, request.body, tenantKeys.index, now);
      changes.push({ kind: 'idempotency', entry, now });
    }

    facts.patient = address.patient;
    facts.resourceId = id;
    facts.version = version;
    facts.changes = created.changes;
    if (operation.resource.relationship) facts.type = 'PRIVILEGE_CHANGE';
    if (alongside) {
      const { record } = alongside;
      facts.alongside = [{ resource: record.resource, id: record.id, version: record.version }];
    }
    const audit = request.auditInTransaction(operation.status);
    await ports.records.commit(tenant, changes, audit.entry);
    audit.committed();
    return answer(operation, id, version);
  },
};

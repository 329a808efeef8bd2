import type { ResourceOperation } from '../../model/derive/operations.ts';
import { resources } from '../../model/resources.ts';
import { basePath } from '../../model/vocabulary.ts';
import type { AccessContent } from '../domain/access-item.ts';
import { grantOf, withGrant } from '../domain/access-item.ts';
import { ApiError } from '../domain/api-error.ts';
import type { IdempotencyEntry } from '../domain/idempotency.ts';
import { idempotencyDigest, newIdempotencyEntry, replayOf } from '../domain/idempotency.ts';
import { newPatientId, newRecordId, patientOf } from '../domain/identifiers.ts';
import { authenticateAccess } from '../domain/item-authentication.ts';
import { joiningOf } from '../domain/joining.ts';
import type { PatientKeys } from '../domain/patient-keys.ts';
import { newestKey, newPatientKeys, openPatientKeys } from '../domain/patient-keys.ts';
import type { RecordChange, Values } from '../domain/record-content.ts';
import { createRecord } from '../domain/record-content.ts';
import type { RecordAddress } from '../domain/storage-keys.ts';
import { writtenFields } from '../domain/written-fields.ts';
import type { ChartPorts } from '../ports/chart-ports.ts';
import type { TenantKeys } from '../ports/key-ring.ts';
import type { Change } from '../ports/record-store.ts';
import type { ChartItems, Permitted, ReachedChart, ResourceRequest } from './chart.ts';
import { bodyOf, chartItems, completeKeys, entityTag, permitted, reach, refuseOwnGrant } from './chart.ts';
import type { OperationResult, Run } from './run.ts';

interface Prepared {
  readonly tenantKeys: TenantKeys;
  /** The chart to which the record is to be added. */
  readonly chart?: ChartItems;
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

const joinCreator = (
  { principal }: Permitted,
  { tenant, patient }: RecordAddress,
  keys: { readonly patient: PatientKeys; readonly index: TenantKeys['index'] },
  now: Date,
): { readonly joined: RecordChange; readonly content: AccessContent } => {
  const { resource, relationship, fields } = joiningOf(resources, principal.role);
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
  { operation, now }: ResourceRequest,
  by: Permitted,
  values: Values,
  chart: ReachedChart,
  tenantKeys: TenantKeys,
): Creation => {
  const { resource } = operation;
  const { tenant } = by.principal;
  const { patient } = chart;
  const { keys, more } = completeKeys(operation, chart.keys, tenantKeys);
  const address = { tenant, patient, resource: resource.name, id: newRecordId(patient, now) };
  const created = createRecord(resource, address, values, { patient: keys, index: tenantKeys.index }, now);
  const others: Change[] = more ? [{ kind: 'moreKeys', keys: more }] : [];
  if (resource.relationship) {
    const grant = grantOf(resource.relationship, values);
    refuseOwnGrant(by, grant);
    const content = withGrant(chart.content, address.id, grant);
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

/** The chart to which a record is to be added, if the permission reaches it; nothing for a new patient. */
const chartFor = (
  request: ResourceRequest,
  by: Permitted,
  { chart }: Pick<Prepared, 'chart'>,
): ReachedChart | undefined => {
  if (request.operation.resource.subject === 'id') return undefined;
  if (chart === undefined) throw new ApiError('not-found');
  request.facts.patient = chart.patient;
  return reach(request, by, chart);
};

/** Creates a record, once for an `Idempotency-Key` (requirement F9). */
export const create: Run<ChartPorts, Prepared | undefined, ResourceOperation> = {
  fetch: async ({ operation, principal, body, idempotencyKey }, ports) => {
    if (principal === undefined) return undefined;
    const { tenant } = principal;
    const patient = patientOf({ subject: 'id' }, String(bodyOf({ body }).patient));
    const loading = ports.keyRing.tenantKeys(tenant);
    const digest =
      idempotencyKey === undefined
        ? undefined
        : idempotencyDigest(principal, operation.id, idempotencyKey, (await loading).index);
    const [tenantKeys, fetched] = await Promise.all([
      loading,
      ports.records.fetch({
        tenant,
        patients: patient === undefined ? [] : [patient],
        ...(digest !== undefined && { idempotency: digest }),
      }),
    ]);
    return {
      tenantKeys,
      ...(digest !== undefined && { digest }),
      ...(fetched.idempotency && { remembered: fetched.idempotency }),
      ...(patient !== undefined && { chart: await chartItems(fetched, patient, ports) }),
    };
  },

  complete: async (request, prepared, ports) => {
    const { operation, facts, now } = request;
    const by = permitted(request);
    const { tenant } = by.principal;
    if (prepared === undefined) throw new ApiError('not-permitted');
    const { tenantKeys, digest, remembered } = prepared;
    const values = writtenFields(by.permission, bodyOf(request));
    const chart = chartFor(request, by, prepared);
    const replay = remembered && replayOf(remembered, request.body, tenantKeys.index, now);
    if (replay) {
      facts.policy = 'idempotency.replay';
      facts.patient = chart?.patient ?? replay.id;
      facts.resourceId = replay.id;
      facts.version = replay.version;
      return answer(operation, replay.id, replay.version);
    }

    const { address, created, others, alongside } = chart
      ? createInChart(request, by, values, chart, tenantKeys)
      : createPatient(request, by, values, tenantKeys, ports);
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

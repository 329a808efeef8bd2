import type { ResourceOperation } from '../../model/derive/operations.ts';
import { ApiError } from '../domain/api-error.ts';
import { disclose, fieldsToDisclose } from '../domain/disclose.ts';
import { patientOf } from '../domain/identifiers.ts';
import { verifyRecord } from '../domain/item-authentication.ts';
import { openFields } from '../domain/record-content.ts';
import type { StoredRecord } from '../domain/stored-record.ts';
import type { ChartPorts } from '../ports/chart-ports.ts';
import type { TenantKeys } from '../ports/key-ring.ts';
import type { ChartItems } from './chart.ts';
import { chartItems, entityTag, permitted, reach } from './chart.ts';
import type { Run } from './run.ts';

/** What is there of the record that a request names by its id. */
export interface NamedRecord extends ChartItems {
  /** Whose record it would be; absent when the id is no id of the resource. */
  readonly patient?: string;
  readonly record?: StoredRecord;
  readonly tenantKeys?: TenantKeys;
}

/** Fetches the record that a request names by its id, with what a decision about it needs. */
export const fetchNamedRecord: Run<ChartPorts, NamedRecord, ResourceOperation>['fetch'] = async (
  { operation: { resource }, principal, pathParameters: { id = '' } },
  ports,
) => {
  const patient = patientOf(resource, id);
  if (principal === undefined || patient === undefined) return {};
  const { tenant } = principal;
  const records = [{ patient, resource: resource.name, id }];
  const [fetched, tenantKeys] = await Promise.all([
    ports.records.fetch({ tenant, records, patients: [patient] }),
    ports.keyRing.tenantKeys(tenant),
  ]);
  const record = fetched.record(id);
  const items = await chartItems(fetched, patient, ports);
  return { patient, tenantKeys, ...(record && { record }), ...items };
};

/** Reads one record: the fields asked for, or the summary (requirement C4). */
export const read: Run<ChartPorts, NamedRecord, ResourceOperation> = {
  fetch: fetchNamedRecord,
  complete: async (request, { patient, record, ...items }) => {
    const { operation, fields: asked, facts } = request;
    const { id } = request.pathParameters;
    const by = permitted(request);
    if (id === undefined || patient === undefined) throw new ApiError('not-found');
    facts.patient = patient;
    facts.resourceId = id;
    const fields = fieldsToDisclose(by.permission, asked);
    const chart = reach(request, by, patient, items);
    if (chart === undefined || record === undefined) throw new ApiError('not-found');
    const verified = verifyRecord(record, chart.keys);
    const values = openFields(operation.resource, verified, fields, chart.keys);
    facts.version = verified.version;
    facts.disclosed = fields;
    return {
      status: operation.status,
      headers: { etag: entityTag(verified.version) },
      body: disclose(by.permission, fields, values),
    };
  },
};

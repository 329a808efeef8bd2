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

/** What there is of the record that a request names by an id of its form. */
export interface NamedRecord {
  readonly id: string;
  readonly chart: ChartItems;
  readonly record?: StoredRecord;
  readonly tenantKeys: TenantKeys;
}

/** Fetches the record that a request names by its id, with what a decision about it needs; nothing when it is no id. */
export const fetchNamedRecord: Run<ChartPorts, NamedRecord | undefined, ResourceOperation>['fetch'] = async (
  { operation: { resource }, principal, pathParameters: { id = '' } },
  ports,
) => {
  const patient = patientOf(resource, id);
  if (principal === undefined || patient === undefined) return undefined;
  const { tenant } = principal;
  const records = [{ patient, resource: resource.name, id }];
  const [fetched, tenantKeys] = await Promise.all([
    ports.records.fetch({ tenant, records, patients: [patient] }),
    ports.keyRing.tenantKeys(tenant),
  ]);
  const record = fetched.record(id);
  return { id, tenantKeys, chart: await chartItems(fetched, patient, ports), ...(record && { record }) };
};

/** Reads one record: the fields asked for, or the summary (requirement C4). */
export const read: Run<ChartPorts, NamedRecord | undefined, ResourceOperation> = {
  fetch: fetchNamedRecord,
  complete: async (request, named) => {
    const { operation, fields: asked, facts } = request;
    const by = permitted(request);
    if (named === undefined) throw new ApiError('not-found');
    const { id, record } = named;
    facts.patient = named.chart.patient;
    facts.resourceId = id;
    const fields = fieldsToDisclose(by.permission, asked);
    const chart = reach(request, by, named.chart);
    if (record === undefined) throw new ApiError('not-found');
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

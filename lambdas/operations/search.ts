import type { ResourceOperation } from '../../model/derive/operations.ts';
import { maySearchBy } from '../../model/derive/permissions.ts';
import { searchLimit } from '../../model/derive/schemas.ts';
import type { IndexPlan } from '../../model/derive/storage.ts';
import { indexFor } from '../../model/derive/storage.ts';
import { ApiError } from '../domain/api-error.ts';
import { indexEntryFor } from '../domain/blind-index.ts';
import { disclose, fieldsToDisclose } from '../domain/disclose.ts';
import { patientOf } from '../domain/identifiers.ts';
import { verifyRecord } from '../domain/item-authentication.ts';
import { openFields } from '../domain/record-content.ts';
import type { StoredRecord } from '../domain/stored-record.ts';
import type { ChartPorts } from '../ports/chart-ports.ts';
import type { ChartItems, Permitted, ReachedChart, ResourceRequest } from './chart.ts';
import { bodyOf, chartItems, permitted, reach, reachIfAny } from './chart.ts';
import type { Run } from './run.ts';

interface Candidate {
  readonly record: StoredRecord;
  readonly items: ChartItems;
}

interface Found {
  /** The patient whose records are asked for. */
  readonly items?: ChartItems;
  /** The blind index that is searched, and the entry looked for. */
  readonly index?: IndexPlan;
  readonly entry?: string;
  readonly candidates: readonly Candidate[];
  /** Whether there are no more matches than these. */
  readonly complete: boolean;
}

interface SearchBody {
  readonly where?: { readonly [parameter: string]: unknown };
  readonly fields?: readonly string[];
}

const nothing: Found = { candidates: [], complete: true };

const fetchByPatient = async (
  { name }: ResourceOperation['resource'],
  tenant: string,
  patient: string,
  ports: ChartPorts,
): Promise<Found> => {
  const [listed, fetched] = await Promise.all([
    ports.records.list(tenant, patient, name, searchLimit + 1),
    ports.records.fetch({ tenant, patients: [patient] }),
  ]);
  const items = await chartItems(fetched, patient, ports);
  return {
    items,
    candidates: listed.slice(0, searchLimit).map((record) => ({ record, items })),
    complete: listed.length <= searchLimit,
  };
};

const fetchByIndex = async (
  { resource }: ResourceOperation,
  tenant: string,
  index: IndexPlan,
  parameters: { readonly [name: string]: unknown },
  ports: ChartPorts,
): Promise<Found> => {
  const { index: key } = await ports.keyRing.tenantKeys(tenant);
  const entry = indexEntryFor(tenant, index, parameters, key);
  if (entry === undefined) return { ...nothing, index };
  const ids = await ports.records.find(tenant, resource.name, entry, searchLimit + 1);
  const named = ids.slice(0, searchLimit).flatMap((id) => {
    const patient = patientOf(resource, id);
    return patient === undefined ? [] : [{ patient, resource: resource.name, id }];
  });
  const complete = ids.length <= searchLimit;
  if (named.length === 0) return { index, entry, candidates: [], complete };
  const patients = [...new Set(named.map(({ patient }) => patient))];
  const fetched = await ports.records.fetch({ tenant, records: named, patients });
  const candidates = await Promise.all(
    named.map(async ({ patient, id }) => {
      const record = fetched.record(id);
      return record ? [{ record, items: await chartItems(fetched, patient, ports) }] : [];
    }),
  );
  return { index, entry, candidates: candidates.flat(), complete };
};

/**
 * The charts of the matches that the permission reaches.
 * @throws ApiError `field-not-permitted` when the permission does not disclose what is searched by, `not-found` when the
 * patient named is not there or not the caller's to see.
 */
const reachMatches = (
  request: ResourceRequest,
  by: Permitted,
  { items, index, candidates }: Found,
): readonly { readonly record: StoredRecord; readonly chart: ReachedChart }[] => {
  const { policy } = by.permission;
  if (items !== undefined) {
    if (!by.permission.discloses.includes('patient')) throw new ApiError('field-not-permitted', { policy });
    request.facts.patient = items.patient;
    const chart = reach(request, by, items);
    return candidates.map(({ record }) => ({ record, chart }));
  }
  if (index === undefined) throw new ApiError('invalid-body');
  if (!maySearchBy(by.permission, index)) throw new ApiError('field-not-permitted', { policy });
  return candidates.flatMap((candidate) => {
    const chart = reachIfAny(request, by, candidate.items);
    return chart ? [{ record: candidate.record, chart }] : [];
  });
};

/**
 * Tells matches that an update has moved away since, which are no matches, from entries that no record wrote.
 * @throws ApiError `integrity-failure` when the entry still leads to a record that has not changed meanwhile.
 */
const refusePlanted = async (
  { operation: { resource } }: ResourceRequest,
  { principal: { tenant } }: Permitted,
  entry: string,
  unlisted: readonly StoredRecord[],
  { records }: ChartPorts,
): Promise<void> => {
  const ids = await records.find(tenant, resource.name, entry, searchLimit + 1);
  const suspects = unlisted.filter(({ id }) => ids.includes(id));
  const named = suspects.map(({ patient, id }) => ({ patient, resource: resource.name, id }));
  const again = await records.fetch({ tenant, records: named, patients: [] });
  if (suspects.some(({ id, version }) => again.record(id)?.version === version))
    throw new ApiError('integrity-failure', { policy: 'index-entry' });
};

/** Finds records by one patient or by exact values of an index (requirement D4): those the permission reaches, 25 at most. */
export const search: Run<ChartPorts, Found, ResourceOperation> = {
  fetch: async ({ operation, principal, body }, ports) => {
    const { where } = bodyOf({ body }) as SearchBody;
    if (principal === undefined || typeof where !== 'object' || where === null) return nothing;
    const parameters = Object.keys(where);
    if (operation.resource.subject === 'patient' && parameters.join() === 'patient') {
      const patient = patientOf({ subject: 'id' }, String(where.patient));
      return patient === undefined
        ? nothing
        : fetchByPatient(operation.resource, principal.tenant, patient, ports);
    }
    const index = indexFor(operation.resource, parameters);
    return index === undefined ? nothing : fetchByIndex(operation, principal.tenant, index, where, ports);
  },

  complete: async (request, found, ports) => {
    const { operation, facts } = request;
    const by = permitted(request);
    const fields = fieldsToDisclose(by.permission, request.fields ?? (bodyOf(request) as SearchBody).fields);
    const { entry } = found;
    const reached = reachMatches(request, by, found).map(({ record, chart }) => ({
      verified: verifyRecord(record, chart.keys),
      chart,
    }));
    const matches = reached.filter(({ verified }) => entry === undefined || verified.indexes.includes(entry));
    if (entry !== undefined && matches.length < reached.length) {
      const unlisted = reached.filter((each) => !matches.includes(each)).map(({ verified }) => verified);
      await refusePlanted(request, by, entry, unlisted, ports);
    }
    const items = matches.map(({ verified, chart }) =>
      disclose(by.permission, fields, openFields(operation.resource, verified, fields, chart.keys)),
    );
    facts.disclosed = matches.length > 0 ? fields : [];
    facts.matches = matches.map(({ verified: { patient, id, version } }) => ({ patient, id, version }));
    return { status: operation.status, body: { items, complete: found.complete } };
  },
};

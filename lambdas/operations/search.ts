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
  /** The chart of the patient whose records are asked for. */
  readonly items?: ChartItems;
  /** The blind index that is searched, and the entry looked for. */
  readonly index?: IndexPlan;
  readonly entry?: string;
  readonly candidates: readonly Candidate[];
  /** The id behind which there may be more; nothing when these are all. */
  readonly next?: string;
}

interface SearchBody {
  readonly where?: { readonly [parameter: string]: unknown };
  readonly fields?: readonly string[];
}

const nothing: Found = { candidates: [] };

/** Index entries that are read at a time: their records, Access items and keys fill one batch read. */
const indexPage = 33;

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
    candidates: listed.map((record) => ({ record, items })),
  };
};

const fetchIndexPage = async (
  { resource }: ResourceOperation,
  tenant: string,
  { index, entry, after }: { readonly index: IndexPlan; readonly entry: string; readonly after?: string },
  ports: ChartPorts,
): Promise<Found> => {
  const ids = await ports.records.find(tenant, resource.name, entry, indexPage, after);
  const last = ids.length < indexPage ? undefined : ids.at(-1);
  const page = { index, entry, ...(last !== undefined && { next: last }) };
  const named = ids.flatMap((id) => {
    const patient = patientOf(resource, id);
    return patient === undefined ? [] : [{ patient, resource: resource.name, id }];
  });
  if (named.length === 0) return { ...page, candidates: [] };
  const patients = [...new Set(named.map(({ patient }) => patient))];
  const fetched = await ports.records.fetch({ tenant, records: named, patients });
  const candidates = await Promise.all(
    named.map(async ({ patient, id }) => {
      const record = fetched.record(id);
      return record ? [{ record, items: await chartItems(fetched, patient, ports) }] : [];
    }),
  );
  return { ...page, candidates: candidates.flat() };
};

const fetchByIndex = async (
  operation: ResourceOperation,
  tenant: string,
  index: IndexPlan,
  parameters: { readonly [name: string]: unknown },
  ports: ChartPorts,
): Promise<Found> => {
  const { index: key } = await ports.keyRing.tenantKeys(tenant);
  const entry = indexEntryFor(tenant, index, parameters, key);
  return entry === undefined
    ? { ...nothing, index }
    : fetchIndexPage(operation, tenant, { index, entry }, ports);
};

interface Reached {
  readonly record: StoredRecord;
  readonly chart: ReachedChart;
}

/**
 * The charts of the matches that the permission reaches, one more than may be answered if there are so many. Matches
 * beyond its reach are passed over before anything is counted: how many there are must not show (requirement C6).
 * @throws ApiError `field-not-permitted` when the permission does not disclose what is searched by, `not-found` when the
 * patient named is not there or not the caller's to see.
 */
const reachMatches = async (
  request: ResourceRequest,
  by: Permitted,
  found: Found,
  ports: ChartPorts,
): Promise<readonly Reached[]> => {
  const { items, index, entry, candidates } = found;
  const { policy } = by.permission;
  if (items !== undefined) {
    if (!by.permission.discloses.includes('patient')) throw new ApiError('field-not-permitted', { policy });
    request.facts.patient = items.patient;
    const chart = reach(request, by, items);
    return candidates.map(({ record }) => ({ record, chart }));
  }
  if (index === undefined) throw new ApiError('invalid-body');
  if (!maySearchBy(by.permission, index)) throw new ApiError('field-not-permitted', { policy });
  const reached: Reached[] = [];
  let page = found;
  for (;;) {
    for (const { record, items: owned } of page.candidates) {
      const chart = reachIfAny(request, by, owned);
      if (chart) reached.push({ record, chart });
    }
    if (entry === undefined || page.next === undefined || reached.length > searchLimit) break;
    const { tenant } = by.principal;
    page = await fetchIndexPage(request.operation, tenant, { index, entry, after: page.next }, ports);
  }
  return reached.slice(0, searchLimit + 1);
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
  const listed = new Set<string>();
  let after: string | undefined;
  do {
    const page: readonly string[] = await records.find(tenant, resource.name, entry, indexPage, after);
    for (const id of page) listed.add(id);
    after = page.length < indexPage ? undefined : page.at(-1);
  } while (after !== undefined);
  const suspects = unlisted.filter(({ id }) => listed.has(id));
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
    const reached = (await reachMatches(request, by, found, ports)).map(({ record, chart }) => ({
      verified: verifyRecord(record, chart.keys),
      chart,
    }));
    const matches = reached.filter(({ verified }) => entry === undefined || verified.indexes.includes(entry));
    if (entry !== undefined && matches.length < reached.length) {
      const unlisted = reached.filter((each) => !matches.includes(each)).map(({ verified }) => verified);
      await refusePlanted(request, by, entry, unlisted, ports);
    }
    const answered = matches.slice(0, searchLimit);
    const items = answered.map(({ verified, chart }) =>
      disclose(by.permission, fields, openFields(operation.resource, verified, fields, chart.keys)),
    );
    facts.disclosed = answered.length > 0 ? fields : [];
    facts.matches = answered.map(({ verified: { patient, id, version } }) => ({ patient, id, version }));
    return { status: operation.status, body: { items, complete: matches.length <= searchLimit } };
  },
};

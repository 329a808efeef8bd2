import type { ResourceOperation } from '../../model/derive/operations.ts';
import { grantOf, withGrant } from '../domain/access-item.ts';
import { ApiError } from '../domain/api-error.ts';
import { authenticateAccess, authenticateHistory, verifyRecord } from '../domain/item-authentication.ts';
import { newestKey } from '../domain/patient-keys.ts';
import { plainValues, replaceFields } from '../domain/record-content.ts';
import { writtenFields } from '../domain/written-fields.ts';
import type { ChartPorts } from '../ports/chart-ports.ts';
import type { Change } from '../ports/record-store.ts';
import { bodyOf, completeKeys, entityTag, permitted, reach, refuseOwnGrant } from './chart.ts';
import type { NamedRecord } from './read.ts';
import { fetchNamedRecord } from './read.ts';
import type { Run } from './run.ts';

/**
 * Replaces the fields that the caller may write, if the record is still the version that it read (requirement F9). The
 * version before is kept as history.
 */
export const update: Run<ChartPorts, NamedRecord | undefined, ResourceOperation> = {
  fetch: fetchNamedRecord,
  complete: async (request, named, { records }) => {
    const { operation, facts, ifMatch, now } = request;
    const { resource, status } = operation;
    const by = permitted(request);
    if (named === undefined) throw new ApiError('not-found');
    const { id, record, tenantKeys } = named;
    const { patient } = named.chart;
    facts.patient = patient;
    facts.resourceId = id;
    const values = writtenFields(by.permission, bodyOf(request));
    if (ifMatch === undefined) throw new ApiError('precondition-required');
    const chart = reach(request, by, named.chart);
    if (record === undefined) throw new ApiError('not-found');
    const current = verifyRecord(record, chart.keys);
    if (current.version !== ifMatch) throw new ApiError('version-mismatch');

    const { keys, more } = completeKeys(operation, chart.keys, tenantKeys);
    const integrity = newestKey(keys, 'integrity');
    const next = replaceFields(
      resource,
      current,
      by.permission.writes,
      values,
      { patient: keys, index: tenantKeys.index },
      now,
    );
    const changes: Change[] = [
      { kind: 'record', record: next.record, replaces: current.version },
      { kind: 'history', record: authenticateHistory(current, integrity) },
      ...next.addedIndexes.map((entry): Change => ({ kind: 'addIndex', record: current, entry })),
      ...next.removedIndexes.map((entry): Change => ({ kind: 'removeIndex', record: current, entry })),
    ];
    if (more) changes.push({ kind: 'moreKeys', keys: more });
    if (resource.relationship) {
      const grant = grantOf(resource.relationship, plainValues(resource, next.record));
      refuseOwnGrant(by, grant, grantOf(resource.relationship, plainValues(resource, current)));
      const version = chart.accessVersion + 1;
      const content = withGrant(chart.content, current.id, grant);
      changes.push({
        kind: 'access',
        item: authenticateAccess({ tenant: current.tenant, patient, version }, content, integrity),
        replaces: chart.accessVersion,
      });
      facts.type = 'PRIVILEGE_CHANGE';
    }

    facts.version = next.record.version;
    facts.changes = next.changes;
    const audit = request.auditInTransaction(status);
    await records.commit(by.principal.tenant, changes, audit.entry);
    audit.committed();
    return { status, headers: { etag: entityTag(next.record.version) }, body: { id: current.id } };
  },
};

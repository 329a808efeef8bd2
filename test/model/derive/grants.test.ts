import { describe, expect, it } from 'vitest';
import type { AnyResource } from '../../../model/define/define-resource.ts';
import {
  accessReviewGrants,
  branchesOf,
  grantsOf,
  operatorGrants,
  preTokenGrants,
} from '../../../model/derive/grants.ts';
import { compartmentsOf } from '../../../model/derive/storage.ts';
import { patient } from '../../../model/resources/patient.ts';
import { vital } from '../../../model/resources/vital.ts';
import { resources } from '../../../model/resources.ts';
import { branches, capabilities } from '../../../model/vocabulary.ts';

const asAny = (resource: unknown): AnyResource => resource as AnyResource;

describe('branchesOf', () => {
  it.each(capabilities)('gives %s the compartments of its own records, and no other', (capability) => {
    const own = resources.filter((resource) => resource.capability === capability);
    const wanted = new Set<string>(own.flatMap(compartmentsOf));
    const opened = branchesOf(capability).filter((branch) => branch !== 'integrity' && branch !== 'index');
    expect(opened.sort()).toEqual([...wanted].sort());
  });

  it('gives nothing to a capability without records', () => {
    expect(branchesOf('identity')).toEqual([]);
  });

  it('follows the declarations: a field in another compartment opens that one', () => {
    expect(branchesOf('clinical', [asAny(vital)])).toEqual(['clinical', 'integrity']);
    expect(branchesOf('clinical', [asAny(patient)])).toEqual(['identity', 'integrity', 'index']);
    const restricted = {
      ...vital,
      fields: {
        ...vital.fields,
        code: {
          ...vital.fields.code,
          options: { ...vital.fields.code.options, classification: 'restricted' },
        },
      },
    };
    expect(branchesOf('clinical', [asAny(restricted)])).toEqual(['clinical', 'restricted', 'integrity']);
  });
});

describe('grants', () => {
  const all = [...capabilities.map(grantsOf), operatorGrants, preTokenGrants, accessReviewGrants];

  it('bind every key under the tenant’s role to that tenant', () => {
    for (const { tenant } of all)
      for (const { keys } of tenant) for (const key of keys) expect(key).toMatch(/^T#\{tenant\}#/);
  });

  it('never name a whole table', () => {
    for (const { own, tenant } of all)
      for (const { keys } of [...own, ...tenant]) {
        expect(keys.length).toBeGreaterThan(0);
        for (const key of keys) expect(key).toMatch(/^[A-Z]#/);
      }
  });

  it('let no one both make and open a branch key', () => {
    for (const { makes, opens } of all) expect(makes.length > 0 && opens.length > 0).toBe(false);
    expect(operatorGrants.makes).toEqual(branches);
  });
});

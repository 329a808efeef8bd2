import fc from 'fast-check';
import { expect, test } from 'vitest';
import { indexEntriesOf, indexEntryFor } from '../../lambdas/domain/blind-index.ts';
import { indexPlans } from '../../model/derive/storage.ts';
import { resources } from '../../model/resources.ts';
import { newKey } from '../lambdas/domain/keys.ts';

const { key } = newKey();
const value = fc.stringMatching(/^[A-Za-z0-9]{1,20}$/).map((text) => `${text}7`);
const plans = resources.flatMap(indexPlans);

const nested = (path: string, at: string): object =>
  path.split('.').reduceRight<unknown>((inner, step) => ({ [step]: inner }), at) as object;
const merged = (objects: readonly object[]): { [field: string]: unknown } => Object.assign({}, ...objects);

test.each(plans.map((plan) => [plan.id, plan] as const))(
  '%s: a search finds what a record entered in its tenant, and nothing in another',
  (_, plan) => {
    const values = fc.tuple(...plan.parameters.map(() => value));
    fc.assert(
      fc.property(values, (texts) => {
        const subject = merged(plan.parameters.map(({ path }, n) => nested(path, texts[n] ?? '')));
        const record = plan.each === undefined ? subject : { [plan.each]: [subject] };
        const wanted = merged(plan.parameters.map(({ name }, n) => ({ [name]: texts[n] })));
        const entries = indexEntriesOf('tenant000001', plan, record, key);
        expect(entries).toEqual([indexEntryFor('tenant000001', plan, wanted, key)]);
        expect(entries).not.toEqual([indexEntryFor('tenant000002', plan, wanted, key)]);
      }),
    );
  },
);

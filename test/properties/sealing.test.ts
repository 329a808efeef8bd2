import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRecord, openFields, replaceFields } from '../../lambdas/domain/record-content.ts';
import type { FieldAddress } from '../../lambdas/domain/seal.ts';
import { seal, unseal } from '../../lambdas/domain/seal.ts';
import { recordKey } from '../../lambdas/domain/storage-keys.ts';
import { recordItem } from '../../lambdas/ports/record-items.ts';
import type { AnyResource } from '../../model/define/define-resource.ts';
import { sealedFields } from '../../model/derive/storage.ts';
import { resources } from '../../model/resources.ts';
import { newKey, newPatient } from '../lambdas/domain/keys.ts';

const text = fc.string({ minLength: 1, maxLength: 40 });
const address: fc.Arbitrary<FieldAddress> = fc.record({
  tenant: text,
  patient: text,
  resource: text,
  id: text,
  field: text,
});
const key = newKey();
const keyOf = () => key.key;

test('sealing and opening is identity, for every JSON value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), address, (value, at) => {
      expect(unseal(seal(value, at, key), at, keyOf)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('an envelope opens at no other address', () => {
  fc.assert(
    fc.property(text, address, address, (value, at, elsewhere) => {
      fc.pre(JSON.stringify(at) !== JSON.stringify(elsewhere));
      const envelope = seal(value, at, key);
      expect(() => unseal(envelope, elsewhere, keyOf)).toThrow();
    }),
  );
});

test('an envelope with any byte changed, cut or added does not open', () => {
  fc.assert(
    fc.property(text, address, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, position, change) => {
      const envelope = seal(value, at, key);
      const changed = Buffer.from(envelope);
      const where = position % changed.length;
      changed.writeUInt8((changed[where] ?? 0) ^ change, where);
      for (const bad of [changed, envelope.subarray(0, where), Buffer.concat([envelope, changed])])
        expect(() => unseal(bad, at, keyOf)).toThrow();
    }),
  );
});

const patientId = 'PATIENT0000000000000000001';
const addressOf = ({ name, subject }: AnyResource) => ({
  tenant: 'tenant000001',
  patient: patientId,
  resource: name,
  id: subject === 'id' ? patientId : `${patientId}.RECORD00000000000000000001`,
});
const { keys: patientKeys } = newPatient('tenant000001', patientId);
const keys = { patient: patientKeys, index: newKey().key };

/** A value that could not be there by chance, in every sealed field. */
const marked = (resource: AnyResource, marks: readonly string[]) =>
  Object.fromEntries(sealedFields(resource).map((field, n) => [field, { marked: marks[n % marks.length] }]));

test.each(resources.map((resource) => [resource.name, resource] as const))(
  '%s: no stored item holds the value of a sealed field, in whatever form',
  (_, resource) => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 12 }), { minLength: 1, maxLength: 5 }), (marks) => {
        const values = { ...resource.example, ...marked(resource, marks) };
        const { record } = createRecord(resource, addressOf(resource), values, keys, new Date());
        const sealed = sealedFields(resource);
        const { record: next } = replaceFields(resource, record, sealed, values, keys, new Date());
        for (const stored of [record, next]) {
          const item = recordItem(recordKey(stored), stored);
          const bytes = JSON.stringify(item, (_name, value: unknown) =>
            value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
          );
          for (const mark of marks) {
            expect(bytes).not.toContain(JSON.stringify(mark).slice(1, -1));
            expect(bytes).not.toContain(Buffer.from(mark).toString('base64'));
            expect(bytes).not.toContain(Buffer.from(mark).toString('hex'));
          }
          expect(openFields(resource, stored, sealed, patientKeys)).toEqual(marked(resource, marks));
        }
      }),
      { numRuns: 20 },
    );
  },
);

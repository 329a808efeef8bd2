import { expect, test } from 'vitest';
import { writtenFields } from '../../../lambdas/domain/written-fields.ts';

const permission = { policy: 'p', writes: ['email', 'phone'], mustWrite: ['phone'] };

test('a body sets the fields that the permission writes', () => {
  expect(writtenFields(permission, { email: 'e', phone: '1' })).toEqual({ email: 'e', phone: '1' });
  expect(writtenFields(permission, { phone: '1' })).toEqual({ phone: '1' });
});

test('another field is refused, whatever its value', () => {
  const refused = expect.objectContaining({ code: 'field-not-permitted', policy: 'p' });
  expect(() => writtenFields(permission, { phone: '1', mrn: 'x' })).toThrow(refused);
  expect(() => writtenFields(permission, { phone: '1', mrn: null })).toThrow(refused);
});

test('a required field must be there', () => {
  const refused = expect.objectContaining({ code: 'invalid-body', policy: 'p' });
  expect(() => writtenFields(permission, { email: 'e' })).toThrow(refused);
  expect(() => writtenFields(permission, { phone: undefined })).toThrow(refused);
});

import { expect, test } from 'vitest';
import { purpose } from '../../../lambdas/middleware/purpose.ts';
import { passing, principalWith, runHook } from './request.ts';

const ask = (values: readonly string[], principal = principalWith('provider')) =>
  runHook(
    purpose(),
    'before',
    passing('Patient.read', { multiValueHeaders: { 'X-Purpose-Of-Use': [...values] } }, { principal }),
  );

test('without the header it is the role’s usual one, if the role has one', async () => {
  expect((await ask([])).purpose).toBe('TREAT');
  expect((await ask([], principalWith('billing'))).purpose).toBe('HPAYMT');
  expect(await ask([], principalWith('compliance'))).not.toHaveProperty('purpose');
});

test('the header names it', async () => {
  expect((await ask(['HPAYMT'])).purpose).toBe('HPAYMT');
});

test.each([[['TREATMENT']], [['treat']], [['']], [['TREAT', 'TREAT']]])(
  '%j is no purpose',
  async (values) => {
    await expect(ask(values)).rejects.toThrow(expect.objectContaining({ code: 'invalid-parameter' }));
  },
);

test('nobody has one', async () => {
  const request = passing('auth.login', { headers: { 'x-purpose-of-use': 'nothing' } });
  expect(await runHook(purpose(), 'before', request)).not.toHaveProperty('purpose');
});

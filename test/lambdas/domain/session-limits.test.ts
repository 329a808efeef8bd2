import { expect, test } from 'vitest';
import { sessionLimits } from '../../../lambdas/domain/session-limits.ts';

test('staff have 15 minutes and 12 hours, patients 30 minutes and 24 hours', () => {
  const limits = sessionLimits();
  expect(limits('provider')).toEqual({ idle: 900, absolute: 43_200 });
  expect(limits('admin')).toEqual({ idle: 900, absolute: 43_200 });
  expect(limits('patient')).toEqual({ idle: 1800, absolute: 86_400 });
});

test('configuration shortens them and never lengthens them', () => {
  const limits = sessionLimits({
    WORKFORCE_IDLE_SECONDS: '300',
    WORKFORCE_ABSOLUTE_SECONDS: '999999',
    PATIENT_IDLE_SECONDS: '999999',
    PATIENT_ABSOLUTE_SECONDS: '3600',
  });
  expect(limits('nurse')).toEqual({ idle: 300, absolute: 43_200 });
  expect(limits('patient')).toEqual({ idle: 1800, absolute: 3600 });
});

test.each(['', '0', '-1', '1.5', 'ten', 'NaN'])('a limit of %j stops the function at its start', (value) => {
  expect(() => sessionLimits({ WORKFORCE_IDLE_SECONDS: value })).toThrow(TypeError);
});

test('each limit has its own variable', () => {
  const limits = sessionLimits({
    WORKFORCE_IDLE_SECONDS: '1',
    WORKFORCE_ABSOLUTE_SECONDS: '2',
    PATIENT_IDLE_SECONDS: '3',
    PATIENT_ABSOLUTE_SECONDS: '4',
  });
  expect([limits('nurse'), limits('patient')]).toEqual([
    { idle: 1, absolute: 2 },
    { idle: 3, absolute: 4 },
  ]);
});

test('a machine has as long as its token, whatever is configured', () => {
  for (const configured of ['1', '999999'])
    expect(
      sessionLimits({ WORKFORCE_IDLE_SECONDS: configured, WORKFORCE_ABSOLUTE_SECONDS: configured })('system'),
    ).toEqual({ idle: 900, absolute: 900 });
});

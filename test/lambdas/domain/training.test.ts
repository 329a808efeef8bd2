import { describe, expect, test } from 'vitest';
import { isCurrentTraining, isTrained, needsTraining } from '../../../lambdas/domain/training.ts';
import { roles } from '../../../model/vocabulary.ts';

const now = new Date('2026-11-22T12:00:00.000Z');

test('the workforce with access to health information needs it', () => {
  expect(roles.filter(needsTraining)).toEqual(['admin', 'provider', 'nurse', 'billing']);
});

describe('a training', () => {
  test.each([
    ['of today', '2026-11-22', true],
    ['of a day that has begun elsewhere on earth', '2026-11-23', true],
    ['of the future', '2026-11-24', false],
    ['of a year ago', '2025-11-22', true],
    ['of more than a year ago, wherever on earth', '2025-11-20', false],
    ['of a day that is none', 'yesterday', false],
    ['that never was', undefined, false],
  ])('%s: %s counts: %s', (_, trainedOn, expected) => {
    expect(isCurrentTraining(trainedOn, now)).toBe(expected);
    expect(isTrained({ role: 'nurse', ...(trainedOn !== undefined && { trainedOn }) }, now)).toBe(expected);
  });

  test('of the 29th of February counts a year', () => {
    expect(isCurrentTraining('2024-02-29', new Date('2025-03-01T12:00:00.000Z'))).toBe(true);
    expect(isCurrentTraining('2024-02-29', new Date('2025-03-02T12:00:00.000Z'))).toBe(false);
  });
});

test('a patient needs none', () => {
  expect(isTrained({ role: 'patient' }, now)).toBe(true);
});

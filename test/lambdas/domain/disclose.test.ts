import { expect, test } from 'vitest';
import { disclose, fieldsToDisclose } from '../../../lambdas/domain/disclose.ts';

const permission = { policy: 'p', discloses: ['id', 'name', 'mrn'], summary: ['id', 'name'] };

test('who names no fields gets the summary', () => {
  expect(fieldsToDisclose(permission, undefined)).toEqual(['id', 'name']);
});

test('who names fields gets those, each once', () => {
  expect(fieldsToDisclose(permission, ['mrn', 'mrn'])).toEqual(['mrn']);
});

test.each([[['ssn']], [['id', 'ssn']], [['toString']]])(
  'a field beyond the permission is refused: %s',
  (asked) => {
    expect(() => fieldsToDisclose(permission, asked)).toThrow(
      expect.objectContaining({ code: 'field-not-permitted', policy: 'p' }),
    );
  },
);

test('the second lock lets through only what is both permitted and asked for', () => {
  const values = { id: 1, name: 'n', mrn: 'm', ssn: 's' };
  expect(disclose(permission, ['id', 'ssn'], values)).toEqual({ id: 1 });
  expect(disclose(permission, ['id', 'name', 'mrn'], { id: 1 })).toStrictEqual({ id: 1 });
});

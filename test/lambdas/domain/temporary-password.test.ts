import { expect, test } from 'vitest';
import { temporaryPassword } from '../../../lambdas/domain/temporary-password.ts';

test('it has 24 characters, every class, and is never the same', () => {
  const passwords = Array.from({ length: 200 }, temporaryPassword);
  for (const password of passwords) {
    expect(password).toHaveLength(24);
    for (const kind of [/[A-Z]/, /[a-z]/, /[0-9]/, /[-_.+=]/]) expect(password).toMatch(kind);
    expect(password).not.toMatch(/[0O1lI]/);
  }
  expect(new Set(passwords).size).toBe(200);
});

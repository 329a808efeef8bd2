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

test('every character may be in it, and every class in every place', () => {
  const passwords = Array.from({ length: 400 }, temporaryPassword);
  expect(new Set(passwords.join('')).size).toBe(24 + 25 + 8 + 5);
  for (let place = 0; place < 24; place += 1) {
    const here = passwords.map((password) => password.charAt(place)).join('');
    for (const kind of [/[A-Z]/, /[a-z]/, /[0-9]/, /[-_.+=]/]) expect(here).toMatch(kind);
  }
});

import { beforeAll, describe, expect, inject, test } from 'vitest';
import { badRequests, canary } from '../bad-requests.ts';
import { expectProblem, missingSecurityHeaders } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic } from './clinic.ts';

let clinic: Clinic;
let provider: Person;
beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
});

describe('over HTTPS, a bad request is refused from the catalogue, without an echo', () => {
  test.each(badRequests.map((row, index) => ({ ...row, index })))(
    '$name: $code',
    async ({ ask, code, anonymous, index }) => {
      if (index % 90 === 0) provider = await clinic.join('provider');
      const answer = await (anonymous ? clinic.send(ask) : provider.send(ask));
      expectProblem(answer, code);
      expect(missingSecurityHeaders(answer)).toEqual([]);
      expect(JSON.stringify([answer.headers, answer.text])).not.toContain(canary);
    },
  );
});

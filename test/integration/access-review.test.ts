import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { auditEntries } from './audit-trail.ts';
import type { Answer, Send } from './client.ts';
import { expectProblem, expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import { signIn } from './sign-in.ts';

const reviews = '/identity/v1/reviews';
const aRecord = `/clinical/v1/patients/${'A'.repeat(26)}`;

let clinic: Clinic;
let officer: Person;
let nurse: Person;
let provider: Person;
let review: string;
let started: Answer;
beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  [officer, nurse, provider] = [
    await clinic.join('compliance'),
    await clinic.join('nurse'),
    await clinic.join('provider'),
  ];
  await clinic.join('patient', 'A'.repeat(26));
  started = await clinic.administer({ method: 'POST', path: reviews });
  review = String(expectStatus(started, 201).body.id);
});

const decide = (send: Send, subject: string, decision: 'attest' | 'revoke'): Promise<Answer> =>
  send({ method: 'POST', path: `${reviews}/${review}/decisions`, body: { subject, decision } });
const grants = async (): Promise<ReadonlyMap<string, { decision: string; decidedBy?: string }>> => {
  const answer = await officer.send({
    method: 'POST',
    path: `${reviews}/${review}/_search`,
    body: { limit: 100 },
  });
  const { items } = expectStatus(answer, 200).body as {
    items: { subject: string; decision: string; decidedBy?: string }[];
  };
  return new Map(items.map((item) => [item.subject, item]));
};
const isIn = async (person: Person): Promise<boolean> =>
  (await person.send({ path: aRecord })).status !== 401;
const runEveryDay = async (): Promise<string | undefined> => {
  const { FunctionError } = await clinic.cloud.lambda.send(
    new InvokeCommand({
      FunctionName: output(clinic.runtime, 'identity-api', 'AccessReviewFunctionName'),
      Payload: '{}',
    }),
  );
  return FunctionError;
};
const set = (pk: string, sk: string, attribute: string, value: string) =>
  clinic.cloud.dynamodb.send(
    new UpdateItemCommand({
      TableName: output(clinic.runtime, 'data', 'DirectoryTable'),
      Key: { pk: { S: pk }, sk: { S: sk } },
      UpdateExpression: 'SET #attribute = :value',
      ConditionExpression: 'attribute_exists(#attribute)',
      ExpressionAttributeNames: { '#attribute': attribute },
      ExpressionAttributeValues: { ':value': { S: value } },
    }),
  );

describe('a review of access', () => {
  test('lists every grant of the workforce, and lets nobody out before the deadline', async () => {
    expect(await clinic.audited(started, 'ACCESS_REVIEW')).toMatchObject({
      resource: 'AccessReview',
      resourceId: review,
    });
    const found = await grants();
    expect([...found.keys()].sort()).toEqual(
      [clinic.admin, officer, nurse, provider].map(({ subject }) => subject).sort(),
    );
    expect(new Set([...found.values()].map(({ decision }) => decision))).toEqual(new Set(['pending']));
    expectProblem(await clinic.administer({ method: 'POST', path: reviews }), 'conflict');
    expect(await runEveryDay()).toBeUndefined();
    for (const person of [nurse, provider]) expect(await isIn(person)).toBe(true);
  });

  test('is no affair of another tenant', async () => {
    const elsewhere = await openClinic(inject('runtime'));
    const { send } = elsewhere.admin;
    for (const answer of [
      await send({ path: `${reviews}/${review}` }),
      await send({ method: 'POST', path: `${reviews}/${review}/_search`, body: {} }),
      await decide(send, nurse.subject, 'attest'),
      await decide(send, nurse.subject, 'revoke'),
    ])
      await elsewhere.audited(expectProblem(answer, 'not-found'), 'UNAUTHORIZED_ACCESS_ATTEMPT');
    const list = await send({ method: 'POST', path: `${reviews}/_search`, body: {} });
    expect(expectStatus(list, 200).body.items).toEqual([]);
  });

  test('lets nobody decide about their own grant, and takes the last administrator from no tenant', async () => {
    const own = expectProblem(await decide(officer.send, officer.subject, 'attest'), 'not-permitted');
    expect(await clinic.audited(own, 'AUTHORIZATION_DENIED')).toMatchObject({ policy: 'grant.own' });
    const last = expectProblem(await decide(officer.send, clinic.admin.subject, 'revoke'), 'conflict');
    expect(await clinic.audited(last, 'REQUEST_REJECTED')).toMatchObject({ policy: 'admin.last' });
    // The gateway asks for the scope of those who review first.
    expectProblem(await decide(nurse.send, provider.subject, 'attest'), 'unauthenticated');
  });

  test('takes a revoked grant away on the next request', async () => {
    const leaver = provider;
    const answer = expectStatus(await decide(officer.send, leaver.subject, 'revoke'), 204);
    expect(await clinic.audited(answer, 'PRIVILEGE_CHANGE')).toMatchObject({
      actor: officer.subject,
      grant: { before: 'provider.active', after: 'provider.suspended' },
    });
    expectProblem(await leaver.send({ path: aRecord }), 'unauthenticated');
    const { email, password } = leaver.credentials;
    const login = { method: 'POST', path: '/identity/v1/auth/login', body: { email, password } };
    expectProblem(await clinic.send(login), 'invalid-credentials');
  });

  test('leaves an attested grant, and takes every other one away at the deadline', async () => {
    const late = await clinic.join('billing');
    const attested = expectStatus(await decide(officer.send, clinic.admin.subject, 'attest'), 204);
    await clinic.audited(attested, 'ACCESS_REVIEW');
    expect((await grants()).get(clinic.admin.subject)).toMatchObject({
      decision: 'attested',
      decidedBy: officer.subject,
    });
    // Nobody can wait thirty days here: the clock stands still, and the deadline comes to it.
    const over = new Date(Date.now() - 1000).toISOString();
    await set(`T#${clinic.tenant}#V`, review, 'deadline', over);
    for (const { subject } of [nurse, officer])
      await set(`U#${subject}`, 'PRINCIPAL', 'grantExpiresAt', over);
    await expect(signIn(clinic.send, nurse.credentials)).rejects.toThrow();
    expect(await isIn(nurse)).toBe(true);
    expect(await runEveryDay()).toBeUndefined();
    expectProblem(await nurse.send({ path: aRecord }), 'unauthenticated');
    expectProblem(await officer.send({ path: `${reviews}/${review}` }), 'unauthenticated');
    expect(await isIn(late)).toBe(true);
    const closed = expectStatus(await clinic.administer({ path: `${reviews}/${review}` }), 200);
    expect(closed.body).toMatchObject({
      status: 'closed',
      grants: { pending: 0, attested: 1, revoked: 1, expired: 2, superseded: 0 },
    });
    const entries = (await auditEntries(clinic.cloud, clinic.trail)).filter(
      ({ operation }) => operation === 'reviews.expire',
    );
    expect(entries.map(({ type, grant }) => [type, grant?.after]).sort()).toEqual([
      ['PRIVILEGE_CHANGE', 'compliance.suspended'],
      ['PRIVILEGE_CHANGE', 'nurse.suspended'],
    ]);
  });
});

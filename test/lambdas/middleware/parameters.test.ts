import { describe, expect, test } from 'vitest';
import type { ApiEvent } from '../../../lambdas/middleware/chain.ts';
import { parameters } from '../../../lambdas/middleware/parameters.ts';
import { openApi } from '../../../model/derive/openapi.ts';
import { operations } from '../../../model/derive/operations.ts';
import { passing, runHook } from './request.ts';

const id = 'A'.repeat(26);
const ask = (operation: string | undefined, event: Partial<ApiEvent>) =>
  runHook(parameters(), 'before', passing(operation, event));
const read = (event: Partial<ApiEvent>) => ask('Patient.read', { pathParameters: { id }, ...event });
const query = (all: { [name: string]: string[] }): Partial<ApiEvent> => ({
  multiValueQueryStringParameters: all,
});
const invalid = expect.objectContaining({ code: 'invalid-parameter' });

describe('fields', () => {
  test('of a read are taken, in their order', async () => {
    const chain = await read(query({ fields: ['mrn,name'] }));
    expect(chain).toMatchObject({ fields: ['mrn', 'name'], parameters: ['fields'] });
    expect(await read({ queryStringParameters: { fields: 'mrn' } })).toMatchObject({ fields: ['mrn'] });
    expect(await read({})).not.toHaveProperty('fields');
  });

  test.each([['mrn,mrn'], ['unknown'], ['mrn,'], [''], ['toString']])('%j are none', async (fields) => {
    await expect(read(query({ fields: [fields] }))).rejects.toThrow(invalid);
  });

  test('are named once, and on a read only', async () => {
    await expect(read(query({ fields: ['mrn', 'name'] }))).rejects.toThrow(invalid);
    await expect(ask('Patient.create', query({ fields: ['mrn'] }))).rejects.toThrow(invalid);
    await expect(ask('auth.login', query({ fields: ['mrn'] }))).rejects.toThrow(invalid);
    await expect(ask(undefined, query({ fields: ['mrn'] }))).rejects.toThrow(invalid);
  });
});

describe('other query parameters', () => {
  test.each([
    ['a field', 'ssn', 'ssn'],
    ['a field in other letters', 'BIRTHDATE', 'birthDate'],
    ['a field that is not searched by', 'phone', 'phone'],
    ['a member that is not searched by', 'postalCode', 'postalCode'],
    ['a member of a field', 'family', 'family'],
    ['a member of an element of a field', 'system', 'system'],
    ['an index', 'nameandbirthdate', 'nameAndBirthDate'],
    ['a search parameter', 'value', 'value'],
  ])('with the name of health information are refused as such: %s', async (_name, given, noted) => {
    const request = passing('Patient.read', { pathParameters: { id }, ...query({ [given]: ['x'] }) });
    await expect(runHook(parameters(), 'before', request)).rejects.toThrow(
      expect.objectContaining({ code: 'phi-in-url' }),
    );
    expect(request.context.chain.parameters).toEqual([noted]);
  });

  test('are refused though their value is a field’s name', async () => {
    await expect(read(query({ other: ['mrn'] }))).rejects.toThrow(invalid);
  });

  test('are refused, and noted without their name', async () => {
    const request = passing('Patient.read', { pathParameters: { id }, ...query({ '219-09-9999': ['x'] }) });
    await expect(runHook(parameters(), 'before', request)).rejects.toThrow(invalid);
    expect(request.context.chain.parameters).toEqual(['other']);
  });

  test('are noted though only one of the two forms has them', async () => {
    const request = passing('Patient.read', {
      pathParameters: { id },
      ...query({ ssn: ['x'] }),
      queryStringParameters: { mrn: 'x' },
    });
    await expect(runHook(parameters(), 'before', request)).rejects.toThrow();
    expect(request.context.chain.parameters).toEqual(['ssn', 'mrn']);
  });

  test('named like internal fields are not taken for health information', async () => {
    await expect(ask('CareTeamAssignment.search', query({ member: ['x'] }))).rejects.toThrow(invalid);
  });
});

describe('the path', () => {
  test('names the record, and with it the patient', async () => {
    const chain = await ask('Vital.read', { pathParameters: { id: `${id}.${id}` } });
    expect(chain.pathParameters).toEqual({ id: `${id}.${id}` });
    expect(chain.facts).toEqual({ resource: 'Vital', resourceId: `${id}.${id}`, patient: id });
  });

  test('of an operation without id names none', async () => {
    const chain = await ask('Patient.create', {});
    expect([chain.pathParameters, chain.facts]).toEqual([{}, { resource: 'Patient' }]);
    expect((await ask('auth.login', {})).facts).toEqual({});
    expect((await ask(undefined, {})).facts).toEqual({});
  });

  test.each([
    ['no id', 'Patient.read', {}],
    ['what is no id', 'Patient.read', { id: '219-09-9999' }],
    ['another resource’s id', 'Vital.read', { id }],
    ['another name', 'Patient.read', { ssn: id }],
    ['one more', 'Patient.read', { id, ssn: id }],
    ['an id that is not asked for', 'Patient.create', { id }],
    ['an id of no resource', 'auth.login', { id }],
    ['an id of no route', undefined, { id }],
  ] as const)('with %s is refused', async (_name, operation, pathParameters) => {
    await expect(ask(operation, { pathParameters })).rejects.toThrow(invalid);
  });
});

describe('the path of a named operation', () => {
  const uuid = '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11';
  /** Each such operation, with the path that the API's description gives as an example. */
  const examples = operations.flatMap((operation) => {
    if (operation.kind !== 'named' || operation.definition.parameters === undefined) return [];
    const { paths } = openApi([operation]) as unknown as {
      readonly paths: {
        readonly [path: string]: {
          readonly [method: string]: {
            readonly parameters: readonly {
              readonly name: string;
              readonly in: string;
              readonly example: string;
            }[];
          };
        };
      };
    };
    const described = Object.values(paths).flatMap((path) =>
      Object.values(path).flatMap(({ parameters: all }) => all.filter((one) => one.in === 'path')),
    );
    const given = Object.fromEntries(described.map(({ name, example }) => [name, example]));
    return [{ id: operation.id, given }];
  });

  test('gives its parameters, and names nothing of a chart', async () => {
    const chain = await ask('sessions.end', { pathParameters: { id: uuid } });
    expect([chain.pathParameters, chain.facts]).toEqual([{ id: uuid }, {}]);
  });

  test.each(examples)(
    'of $id takes what has the form of each parameter',
    async ({ id: operation, given }) => {
      expect((await ask(operation, { pathParameters: given })).pathParameters).toEqual(given);
      for (const [name, right] of Object.entries(given)) {
        const { [name]: _left, ...rest } = given;
        const wrong = ['219-09-9999', 'a b', '../x', `${right}\n`, '', 'é'].map((value) => ({
          ...given,
          [name]: value,
        }));
        const misnamed = [rest, { ...rest, other: right }, { ...given, other: 'x' }, null];
        for (const pathParameters of [...wrong, ...misnamed])
          await expect(ask(operation, { pathParameters })).rejects.toThrow(invalid);
      }
    },
  );

  test.each([
    ['an id of a chart', id],
    ['capitals', uuid.toUpperCase()],
    ['more', `${uuid}0`],
    ['no dashes', uuid.replaceAll('-', '')],
  ])('takes no %s for a subject or session', async (_case, given) => {
    await expect(ask('sessions.end', { pathParameters: { id: given } })).rejects.toThrow(invalid);
  });

  test.each(['constructor', '__proto__', 'toString'])('has no parameter %s', async (name) => {
    const pathParameters = JSON.parse(`{"${name}":"${uuid}"}`);
    await expect(ask('sessions.end', { pathParameters })).rejects.toThrow(invalid);
  });

  test('gives none where it has none', async () => {
    expect((await ask('auth.logout', {})).pathParameters).toEqual({});
    await expect(ask('auth.logout', { pathParameters: { id: uuid } })).rejects.toThrow(invalid);
  });

  test('is asked without query, as anywhere', async () => {
    const asking = ask('sessions.end', { pathParameters: { id: uuid }, ...query({ fields: ['mrn'] }) });
    await expect(asking).rejects.toThrow(invalid);
  });
});

describe('conditional headers', () => {
  const header = (name: string, ...values: string[]): Partial<ApiEvent> => ({
    multiValueHeaders: { [name]: values },
  });
  const update = (event: Partial<ApiEvent>) => ask('Patient.update', { pathParameters: { id }, ...event });
  const key = 'key-0123456789abcdef';

  test('name version and key', async () => {
    expect((await update(header('If-Match', '"12"'))).ifMatch).toBe(12);
    expect((await ask('Patient.create', header('Idempotency-Key', key))).idempotencyKey).toBe(key);
    expect(await ask('Patient.create', {})).not.toHaveProperty('idempotencyKey');
  });

  test('an update without a version is refused', async () => {
    await expect(update({})).rejects.toThrow(expect.objectContaining({ code: 'precondition-required' }));
  });

  test.each([
    ['a version without quotes', () => update(header('If-Match', '12'))],
    ['a weak version', () => update(header('If-Match', 'W/"12"'))],
    ['any version', () => update(header('If-Match', '*'))],
    ['two versions', () => update(header('If-Match', '"1"', '"1"'))],
    ['a short key', () => ask('Patient.create', header('Idempotency-Key', 'short'))],
    ['two keys', () => ask('Patient.create', header('Idempotency-Key', key, key))],
  ])('%s is refused', async (_name, asking) => {
    await expect(asking()).rejects.toThrow(invalid);
  });

  test('are looked at where they mean something only', async () => {
    const all = {
      ...header('If-Match', '?').multiValueHeaders,
      ...header('Idempotency-Key', '?').multiValueHeaders,
    };
    const chain = await read({ multiValueHeaders: all });
    expect(chain).not.toHaveProperty('ifMatch');
    expect(chain).not.toHaveProperty('idempotencyKey');
    expect(await ask('auth.login', { multiValueHeaders: all })).not.toHaveProperty('idempotencyKey');
  });
});

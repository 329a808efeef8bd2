import type { NamedOperation, ParameterForm } from '../model/define/define-operation.ts';
import { namedOperations } from '../model/operations/index.ts';
import type { ProblemCode } from '../model/problems.ts';
import { patient } from '../model/resources/patient.ts';
import { basePath } from '../model/vocabulary.ts';

/** Stands wherever a request can carry a value of the caller's; no answer may hold it. */
export const canary = 'ZqCanaryValue7';

/** A request that must be refused by the platform's functions, for somebody with every scope of the role. */
export interface BadRequest {
  readonly name: string;
  readonly ask: {
    readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
    /** From the root of the domain. */
    readonly path: string;
    /** Sent as JSON; a string or bytes as they are. */
    readonly body?: unknown;
    readonly headers?: { readonly [name: string]: string };
  };
  readonly code: ProblemCode;
  /** Who sends it; nobody signs in to an operation before sign-in. @default provider */
  readonly as?: 'nobody' | 'provider' | 'admin';
}

const patients = '/clinical/v1/patients';
const anId = 'A'.repeat(26);
const example: Readonly<Record<string, unknown>> = patient.example;
const text = JSON.stringify(example);

const create = (body: unknown, headers?: { readonly [name: string]: string }): BadRequest['ask'] => ({
  method: 'POST',
  path: patients,
  body,
  ...(headers && { headers }),
});
const withName = (family: string): BadRequest['ask'] =>
  create({ ...example, name: { family, given: [canary] } });
const rawName = (family: string): BadRequest['ask'] =>
  create(text.replace('"O\'Brien"', `"${canary}${family}"`));
const read = (query: string): BadRequest['ask'] => ({ method: 'GET', path: `${patients}/${anId}${query}` });
const nested = (depth: number): string => `${'['.repeat(depth)}"${canary}"${']'.repeat(depth)}`;

const malformed: readonly [string, BadRequest['ask']][] = [
  ['an empty body', create('')],
  ['white space only', create('   ')],
  ['not JSON', create(canary)],
  ['cut off', create(text.slice(0, -1))],
  ['two documents', create(`${text}${text}`)],
  ['a trailing comma', create(text.replace(/}$/, ',}'))],
  ['a comment', create(`/* ${canary} */${text}`)],
  ['single quotes', create(`{'mrn':'${canary}'}`)],
  ['NaN', create(`{"mrn":NaN,"note":"${canary}"}`)],
  ['a byte order mark', create(`\uFEFF${text}`)],
  ['a duplicate key', create(text.replace('{', `{"mrn":"${canary}",`))],
  ['a duplicate key by an escape', create(text.replace('{', `{"mr\\u006e":"${canary}",`))],
  ['a duplicate key in a nested object', create(text.replace('"family"', `"family":"${canary}","family"`))],
  ['__proto__', create(text.replace('{', `{"__proto__":{"role":"${canary}"},`))],
  ['__proto__ by an escape', create(text.replace('{', `{"\\u005f_proto__":{"role":"${canary}"},`))],
  ['constructor', create(text.replace('{', `{"constructor":{"prototype":{"role":"${canary}"}},`))],
  ['prototype in a nested object', create(text.replace('"family"', '"prototype":1,"family"'))],
  ['17 levels', create(nested(17))],
  ['100,000 levels', create(nested(100_000))],
  ['101 elements', create(JSON.stringify(Array.from({ length: 101 }, () => canary)))],
  ['a lone high surrogate', rawName('\\ud800')],
  ['a lone low surrogate', rawName('\\udc00x')],
  ['a null character', rawName('\\u0000')],
  ['a control character', rawName('\\u0007')],
  ['a C1 control character', rawName('\\u0085')],
  ['a noncharacter', rawName('\\uffff')],
  ['a right-to-left override', rawName('\\u202e')],
  ['a bidirectional isolate', rawName('\\u2066')],
  ['the replacement character', rawName('\ufffd')],
  ['a number beyond every number', create(`{"mrn":1e400,"note":"${canary}"}`)],
  ['an integer that loses digits', create(`{"mrn":9007199254740993,"note":"${canary}"}`)],
  ['a body on a read', { ...read(''), body: { mrn: canary } }],
];

const invalid: readonly [string, BadRequest['ask']][] = [
  ['null', create('null')],
  ['an array', create([example])],
  ['a string', create(JSON.stringify(canary))],
  ['an empty object', create({})],
  ['an unknown field', create({ ...example, [canary]: canary })],
  ['the server’s own field', create({ ...example, id: anId })],
  ['a role', create({ ...example, role: 'admin' })],
  ['a missing field', create(Object.fromEntries(Object.entries(example).filter(([name]) => name !== 'mrn')))],
  ['a number for a string', create({ ...example, mrn: 42 })],
  ['an object for a string', create({ ...example, mrn: { $ne: canary } })],
  ['an array for a string', create({ ...example, mrn: [canary] })],
  ['a string for an object', create({ ...example, name: canary })],
  ['a date that is none', create({ ...example, birthDate: '2023-02-29' })],
  ['a date in another format', create({ ...example, birthDate: '29.02.1984' })],
  ['a birth date in the future', create({ ...example, birthDate: '2999-01-01' })],
  ['a code that is none', create({ ...example, gender: canary })],
  ['an SSN that cannot be', create({ ...example, ssn: '666-12-3456' })],
  ['an e-mail address that is none', create({ ...example, email: `${canary}@` })],
  ['a name of 101 characters', withName('x'.repeat(101))],
  ['an empty name', withName('')],
  ['a name of markup', withName(`<script>${canary}</script>`)],
  ['a name with digits', withName(`Smith1${canary}`)],
  ['SQL in an MRN', create({ ...example, mrn: `'; DROP TABLE patients; --${canary}` })],
  ['a key pattern in an MRN', create({ ...example, mrn: `T#x#${canary}` })],
  ['an MRN of 33 characters', create({ ...example, mrn: 'A'.repeat(33) })],
  ['a search for nothing', { method: 'POST', path: `${patients}/_search`, body: {} }],
  [
    'a search by two indexes at once',
    { method: 'POST', path: `${patients}/_search`, body: { where: { mrn: canary, ssn: '219-09-9999' } } },
  ],
  [
    'a search by an operator',
    { method: 'POST', path: `${patients}/_search`, body: { where: { mrn: { $gt: canary } } } },
  ],
  [
    'a search by an unknown parameter',
    { method: 'POST', path: `${patients}/_search`, body: { where: { [canary]: 'x' } } },
  ],
];

const parameters: readonly [string, BadRequest['ask']][] = [
  ['an id that is none', { method: 'GET', path: `${patients}/${canary}` }],
  ['a lower-case id', { method: 'GET', path: `${patients}/${'a'.repeat(26)}` }],
  ['an id that climbs', { method: 'GET', path: `${patients}/..%5c..%5c${canary}` }],
  ['an id with a null character', { method: 'GET', path: `${patients}/${'A'.repeat(25)}%00` }],
  ['another resource’s id', { method: 'GET', path: `${patients}/${anId}.${anId}` }],
  ['a patient’s id for a vital sign', { method: 'GET', path: `/clinical/v1/vitals/${anId}` }],
  ['an unknown parameter', read(`?${canary}=1`)],
  ['a repeated parameter', read('?fields=name&fields=mrn')],
  ['an unknown field', read(`?fields=name,${canary}`)],
  ['no field', read('?fields=')],
  ['a field twice', read('?fields=name,name')],
  ['a prototype’s member as field', read('?fields=constructor')],
  ['a parameter on a creation', { ...create(example), path: `${patients}?fields=name` }],
  ['an unknown purpose', { ...read(''), headers: { 'x-purpose-of-use': canary } }],
  ['a lower-case purpose', { ...read(''), headers: { 'x-purpose-of-use': 'treat' } }],
  ['an idempotency key that is too short', create(example, { 'idempotency-key': canary })],
  ['an idempotency key with spaces', create(example, { 'idempotency-key': `${canary} ${canary}` })],
  [
    'any version',
    { method: 'PUT', path: `${patients}/${anId}`, body: example, headers: { 'if-match': '*' } },
  ],
  [
    'a weak version',
    { method: 'PUT', path: `${patients}/${anId}`, body: example, headers: { 'if-match': 'W/"1"' } },
  ],
  [
    'two versions',
    { method: 'PUT', path: `${patients}/${anId}`, body: example, headers: { 'if-match': '"1", "2"' } },
  ],
];

const healthInformation: readonly [string, BadRequest['ask']][] = [
  ['an SSN', read('?ssn=219-09-9999')],
  ['a name', read(`?name=${canary}`)],
  ['a nested name', read(`?family=${canary}`)],
  ['a birth date in other letters', read('?BIRTHDATE=1984-02-29')],
  [
    'an MRN on a search',
    { method: 'POST', path: `${patients}/_search?mrn=${canary}`, body: { where: { mrn: canary } } },
  ],
];

const media: readonly [string, BadRequest['ask']][] = [
  ['plain text', create(text, { 'content-type': 'text/plain' })],
  ['a form', create(`mrn=${canary}`, { 'content-type': 'application/x-www-form-urlencoded' })],
  ['JSON in another encoding', create(text, { 'content-type': 'application/json; charset=utf-16' })],
  ['a patch', create(text, { 'content-type': 'application/merge-patch+json' })],
  ['a media type with more', create(text, { 'content-type': `application/json; boundary=${canary}` })],
];

const signIns: readonly [string, unknown, ProblemCode][] = [
  ['no password', { email: `${canary}@example.org` }, 'invalid-body'],
  ['an object for a password', { email: 'a@example.org', password: { $ne: canary } }, 'invalid-body'],
  ['an e-mail address that is none', { email: canary, password: canary }, 'invalid-body'],
  ['a password of 257 characters', { email: 'a@example.org', password: 'x'.repeat(257) }, 'invalid-body'],
  ['a further member', { email: 'a@example.org', password: 'x', role: canary }, 'invalid-body'],
  [
    'a duplicate password',
    `{"email":"a@example.org","password":"x","password":"${canary}"}`,
    'malformed-body',
  ],
];

const rows = (what: string, code: ProblemCode, asks: readonly [string, BadRequest['ask']][]): BadRequest[] =>
  asks.map(([name, ask]) => ({ name: `${what}: ${name}`, ask, code }));

const wellFormed = {
  uuid: '00000000-0000-0000-0000-000000000000',
  id: anId,
  client: 'a'.repeat(26),
  passkey: 'a'.repeat(43),
  secret: `${'a'.repeat(26)}--1`,
} as const satisfies Record<ParameterForm, string>;

/** The path of an operation, with other values than well-formed ones for some parameters. */
const pathOf = (
  { capability, path, parameters: forms = {} }: NamedOperation,
  other: { readonly [name: string]: string } = {},
): string =>
  `/${basePath(capability)}${path.replace(/\{(\w+)\}/g, (_, name: string) => other[name] ?? wellFormed[forms[name] ?? 'id'])}`;

const whoMay = ({ allows }: NamedOperation): NonNullable<BadRequest['as']> => {
  if (allows === 'public') return 'nobody';
  return allows === 'session' || allows.includes('provider') ? 'provider' : 'admin';
};

/** What no named operation accepts, whatever it does: a malformed or unknown parameter, and a body that is not its own. */
const named = (operation: NamedOperation): readonly BadRequest[] => {
  const { id, method, request, example: body, parameters: forms = {} } = operation;
  const path = pathOf(operation);
  const good = { method, path, ...(request && { body }) };
  const asks: readonly [string, BadRequest['ask'], ProblemCode][] = [
    ...Object.keys(forms).map((name): (typeof asks)[number] => [
      `a malformed ${name}`,
      { ...good, path: pathOf(operation, { [name]: canary }) },
      'invalid-parameter',
    ]),
    ['an unknown parameter', { ...good, path: `${path}?${canary}=1` }, 'invalid-parameter'],
    ['a name in the URL', { ...good, path: `${path}?name=${canary}` }, 'phi-in-url'],
    request
      ? ['an unknown member', { ...good, body: { ...body, [canary]: canary } }, 'invalid-body']
      : ['a body, though it takes none', { ...good, body: { [canary]: canary } }, 'malformed-body'],
  ];
  return asks.map(([name, ask, code]) => ({ name: `${id}: ${name}`, ask, code, as: whoMay(operation) }));
};

/** Malformed and hostile requests, each with the problem that answers it (acceptance 8). */
export const badRequests: readonly BadRequest[] = [
  ...rows('body', 'malformed-body', malformed),
  ...rows('content', 'invalid-body', invalid),
  ...rows('parameter', 'invalid-parameter', parameters),
  ...rows('health information in the URL', 'phi-in-url', healthInformation),
  ...rows('media type', 'unsupported-media-type', media),
  {
    name: 'body: more than 256 KB',
    ask: create({ ...example, note: canary.repeat(20_000) }),
    code: 'too-large',
  },
  {
    name: 'precondition: an update without version',
    ask: { method: 'PUT', path: `${patients}/${anId}`, body: example },
    code: 'precondition-required',
  },
  ...signIns.map(
    ([name, body, code]): BadRequest => ({
      name: `sign-in: ${name}`,
      ask: { method: 'POST', path: '/identity/v1/auth/login', body },
      code,
      as: 'nobody',
    }),
  ),
  ...namedOperations.flatMap(named),
];

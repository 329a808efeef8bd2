import { describe, expect, it } from 'vitest';
import { findMutants } from '../../../scripts/mutants/find-mutants.ts';
import { applyEdit } from '../../../scripts/mutants/mutant.ts';
import { parseModule } from '../../../scripts/mutants/parsed-module.ts';
import { conjuncts } from '../../../scripts/mutants/rules/condition-expression.ts';

/** What each mutant of the first module does, as `rule: change`. */
const changes = (modules: { readonly [path: string]: string }): readonly string[] => {
  const parsed = Object.entries(modules).map(([path, source]) => parseModule(path, source));
  const project = new Map(parsed.map((module) => [module.path, module]));
  const [first] = parsed;
  return first ? findMutants(first, project).map(({ rule, change }) => `${rule}: ${change}`) : [];
};

describe('a middleware', () => {
  it('is taken out of its chain, and each of its hooks out of it', () => {
    expect(
      changes({
        'lambdas/operations/handler.ts': `export const handler = (o: Op) => middy<Event>().use(problem()).use(audit(o)).handler(run);`,
      }),
    ).toEqual(['middleware: `.use(problem())` taken out', 'middleware: `.use(audit(o))` taken out']);
    expect(
      changes({
        'lambdas/middleware/audit.ts': `export const audit = () => ({ before: start, after: async (r: Request) => { r.end(); } });`,
      }),
    ).toEqual([
      'middleware: `before: start` → `before: () => undefined`',
      'middleware: `after: async (r: Request) => { r.end(); }` → `after: () => undefined`',
    ]);
  });

  it('is taken out of a list', () => {
    expect(changes({ 'lambdas/functions/a.ts': `export const a = middy().use([one(), two()]);` })).toEqual([
      'middleware: `one()` → `{ before() {} }`',
      'middleware: `two()` → `{ before() {} }`',
    ]);
  });
});

describe('a guard', () => {
  const operation = (body: string) => changes({ 'lambdas/operations/read.ts': body });

  it('does not fire, for each of its reasons', () => {
    expect(
      operation(`export const f = (a: A) => { if (!a || a.b !== c) throw new No(); return a; };`),
    ).toEqual(['guard: `a` → `true`', 'guard: `a.b !== c` → `false`']);
    expect(
      operation(`export const f = (a: A) => { if (!(a && b)) { log(); throw no; } return a; };`),
    ).toEqual(['guard: `a` → `true`', 'guard: `b` → `true`']);
  });

  it('may refuse by what it returns, by skipping, or by being passed', () => {
    expect(operation(`export const f = (a: A) => { if (a) return undefined; return b; };`)).toEqual([
      'guard: `a` → `false`',
    ]);
    expect(
      operation(`export const f = () => { for (const a of list) { if (a) continue; use.it(a); } };`),
    ).toEqual(['guard: `a` → `false`']);
    expect(operation(`export const f = (a: A) => { if (a) return a.value; throw no; };`)).toEqual([
      'guard: `a` → `true`',
      'throw: `throw no;` taken out',
    ]);
    expect(operation(`export const f = (a: A) => (a ? a.value : null);`)).toEqual(['guard: `a` → `true`']);
    expect(operation(`export const f = (a: A) => { if (a) b.do(); };`)).toEqual([]);
  });

  it('may call a function that never returns', () => {
    expect(
      operation(
        `const refuse = (): never => { throw no; };\nexport const f = (a?: A) => { if (b) refuse(); return a ?? refuse(); };`,
      ),
    ).toEqual(['throw: `throw no;` taken out', 'guard: `b` → `false`', 'guard: `?? refuse()` taken out']);
  });

  it('is pushed both ways where it decides', () => {
    expect(
      changes({ 'lambdas/domain/decide.ts': `export const f = (a: A) => { if (a > b) use(); };` }),
    ).toEqual(['guard: `a > b` → `true`', 'guard: `a > b` → `false`']);
  });
});

describe('a predicate', () => {
  it('is forced where it is declared to answer yes or no, and in a callback', () => {
    expect(changes({ 'lambdas/ports/a.ts': `export const f = (a: A): boolean => a && b;` })).toEqual([
      'predicate: `a` → `true`',
      'predicate: `a && b` → `false`',
      'predicate: `b` → `true`',
    ]);
    expect(
      changes({ 'lambdas/ports/a.ts': `export const f = (a: A) => a.list.filter((x: X) => x.open);` }),
    ).toEqual(['predicate: `x.open` → `true`', 'predicate: `x.open` → `false`']);
    expect(changes({ 'lambdas/ports/a.ts': `export const f = (a: A) => { return a.end <= now; };` })).toEqual(
      ['predicate: `a.end <= now` → `true`', 'predicate: `a.end <= now` → `false`'],
    );
  });

  it('is forced where it is called', () => {
    expect(
      changes({
        'lambdas/ports/a.ts': `import { fits } from '../domain/fits.ts';\nexport const f = (a: A) => ({ ok: fits(a) });`,
        'lambdas/domain/fits.ts': `export const fits = (a: A): a is B => a.b === 1;`,
      }),
    ).toEqual(['predicate: `fits(a)` → `true`', 'predicate: `fits(a)` → `false`']);
  });
});

it('a statement that acts is taken out: a call of our own functions, and whatever is awaited', () => {
  expect(
    changes({
      'lambdas/operations/a.ts': `import { check } from '../domain/check.ts';\nexport const f = async (a: A) => { check(a); await a.end(); logger.info('x'); };`,
      'lambdas/domain/check.ts': 'export function check(a: A): asserts a is B { use(a); }',
    }),
  ).toEqual(['statement: `check(a);` taken out', 'statement: `await a.end();` taken out']);
});

it('what the chain sets on an object is taken out', () => {
  expect(
    changes({
      'lambdas/middleware/a.ts': `export const f = (r: R) => { r.error = no; let own = 1; own = 2; };`,
    }),
  ).toEqual(['statement: `r.error = no;` taken out']);
});

describe('a DynamoDB condition', () => {
  it('is made true as a whole and by conjunct, with its placeholders kept', () => {
    const found = changes({
      'lambdas/ports/a.ts': `export const f = () => ({ ConditionExpression: '#v = :v AND #e > :now' });`,
    });
    expect(found).toHaveLength(3);
    expect(found[0]).toContain('condition && `attribute_exists(pk) OR attribute_not_exists(pk) OR (');
    expect(found.slice(1)).toEqual([
      'condition: `#v = :v` → `(attribute_exists(pk) OR attribute_not_exists(pk) OR #v = :v)`',
      'condition: `#e > :now` → `(attribute_exists(pk) OR attribute_not_exists(pk) OR #e > :now)`',
    ]);
  });

  it('is found wherever a port words it', () => {
    expect(
      changes({
        'lambdas/ports/a.ts':
          "const live = '#v = :v AND #e > :now';\nconst set = 'SET #v = :v';\nexport const f = () => `#w = :w AND #x`;",
      }).map((change) => change.split(' → ')[0]),
    ).toEqual(['condition: `#v = :v`', 'condition: `#e > :now`', 'condition: `#w = :w`']);
    expect(
      changes({ 'lambdas/ports/a.ts': `export const f = () => ({ KeyConditionExpression: 'pk = :pk' });` }),
    ).toEqual([]);
  });

  it('is parted at AND, outside brackets and BETWEEN', () => {
    const text = 'a = :a AND (b = :b AND c = :c) AND d BETWEEN :x AND :y AND e = :e';
    expect(conjuncts(text).map(({ start, end }) => text.slice(start, end))).toEqual([
      'a = :a',
      '(b = :b AND c = :c)',
      'd BETWEEN :x AND :y',
      'e = :e',
    ]);
  });
});

describe('cryptography', () => {
  it('loses associated data, tags, keys, randomness and parts', () => {
    expect(
      changes({
        'lambdas/domain/seal.ts': `import { createCipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
const iv = randomBytes(12);
const cipher = createCipheriv('aes-256-gcm', key, iv);
cipher.setAAD(data);
const sealed = Buffer.concat([cipher.update(value), cipher.final()]);
const code = createHmac('sha256', key).update(a).update(b).digest();
const same = timingSafeEqual(code, other);`,
      }),
    ).toEqual([
      'cryptography: `randomBytes(12)` → `Buffer.alloc(12)`',
      'statement: `cipher.setAAD(data);` taken out',
      'cryptography: `cipher.update(value)` → `Buffer.from(value)`',
      'cryptography: `cipher.final()` → `Buffer.alloc(0)`',
      "cryptography: `createHmac('sha256', key)` → `process.getBuiltinModule('node:crypto').createHash('sha256')`",
      'cryptography: `.update(a)` taken out',
      'cryptography: `.update(b)` taken out',
      'predicate: `timingSafeEqual(code, other)` → `true`',
      'predicate: `timingSafeEqual(code, other)` → `false`',
    ]);
  });

  it('loses each part of what is authenticated', () => {
    const found = changes({
      'lambdas/domain/digest.ts': `import { code } from './code.ts';
export const digest = (a: string, b: string) => code('digest', a, b);`,
      'lambdas/domain/code.ts': `import { createHmac } from 'node:crypto';
export const code = (...parts: readonly string[]): Buffer => createHmac('sha256', key).update(parts.join()).digest();`,
    });
    expect(found).toEqual(["part: `'digest',` taken out", 'part: `a,` taken out', 'part: `b` taken out']);
  });

  it('loses the options of verifying, and what binds a key to its use', () => {
    expect(
      changes({
        'lambdas/ports/a.ts': `import { jwtVerify } from 'jose';
export const f = (t: T) => jwtVerify(t, keys, { issuer, algorithms: ['RS256'] });
export const g = (tenant: T) => ({ KeyId: k, EncryptionContext: { tenant, compartment } });
export const h = (tenant: T) => ({ Tags: [{ Key: 'tenant', Value: tenant }] });`,
      }),
    ).toEqual([
      'option: `issuer,` taken out',
      "option: `algorithms: ['RS256']` taken out",
      "part: `'RS256'` taken out",
      'option: `EncryptionContext: { tenant, compartment }` taken out',
      'option: `tenant,` taken out',
      'option: `compartment` taken out',
      "option: `Tags: [{ Key: 'tenant', Value: tenant }]` taken out",
      "part: `{ Key: 'tenant', Value: tenant }` taken out",
    ]);
  });

  it('is passed by: what went in comes out', () => {
    expect(
      changes({
        'lambdas/ports/store.ts': `import { seal } from '../domain/seal.ts';\nexport const f = (v: V) => seal(v.text, address, key);`,
        'lambdas/domain/seal.ts': `import { createCipheriv } from 'node:crypto';
export const seal = (value: unknown, at: Address, { key }: VersionedKey): Buffer => createCipheriv(key).update(value);`,
      }),
    ).toEqual(['bypass: `seal(v.text, address, key)` → `(v.text)`']);
  });
});

it('the same change twice in one function is told apart', () => {
  const module = parseModule(
    'lambdas/ports/a.ts',
    `export const f = () => { if (a) throw x; if (a) throw y; };`,
  );
  const found = findMutants(module, new Map());
  expect(found.map(({ within, occurrence }) => [within, occurrence])).toEqual([
    ['f', 1],
    ['f', 2],
  ]);
});

it('every mutant changes the text and still parses, types in place', () => {
  const source = `export const f = (é: Map<string, '李😀'>): boolean => { if ((é as M).has('x')) throw new No(); return é.size! > 0; };`;
  const module = parseModule('lambdas/domain/a.ts', source);
  const found = findMutants(module, new Map());
  expect(found.length).toBeGreaterThan(3);
  for (const mutant of found) {
    const mutated = applyEdit(source, mutant);
    expect(mutated).not.toBe(source);
    expect(() => parseModule('lambdas/domain/a.ts', mutated)).not.toThrow();
  }
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { runMutants } from '../../../scripts/mutants/run-mutants.ts';
import { fixture } from './fixture.ts';

const tree = fixture({
  'lambdas/domain/limit.ts': `export const limit = (n: number): number => {
  if (n > 10) throw new RangeError('too many');
  return n;
};
`,
  'lambdas/ports/gate.ts': `import { limit } from '../domain/limit.ts';
export const gate = (n: number): number => {
  if (n < 0) throw new RangeError('too few');
  return limit(n);
};
`,
  'lambdas/ports/alone.ts': `export const alone = (n: number): number => {
  if (n === 7) throw new RangeError('not seven');
  return n;
};
`,
  'test/lambdas/domain/limit.test.ts': `import { expect, it } from 'vitest';
import { limit } from '../../../lambdas/domain/limit.ts';
it('lets a few through', () => expect(limit(10)).toBe(10));
`,
  'test/lambdas/ports/gate.test.ts': `import { expect, it } from 'vitest';
import { gate } from '../../../lambdas/ports/gate.ts';
it('lets a few through', () => expect(gate(3)).toBe(3));
it('refuses too many', () => expect(() => gate(11)).toThrow('too many'));
`,
});
afterAll(tree.remove);

const excuses = join(tree.root, 'excuses.json');
const excuse = (...list: readonly object[]): void => writeFileSync(excuses, JSON.stringify(list));
beforeEach(() => excuse());

const run = async (only = '', listOnly = false) => {
  const lines: string[] = [];
  const passed = await runMutants({
    root: tree.root,
    project: '',
    excuses,
    selects: ({ file }) => file.includes(only),
    jobs: 1,
    listOnly,
    log: (line) => lines.push(line),
  });
  return { passed, lines, text: lines.join('\n') };
};

const survivor = {
  file: 'lambdas/ports/gate.ts',
  within: 'gate',
  rule: 'guard',
  change: '`n < 0` → `false`',
};
const reason = 'No caller passes a number below zero.';

describe('the run', () => {
  it('kills what is tested and reports what is not', { timeout: 120_000 }, async () => {
    const { passed, text, lines } = await run();
    expect(passed).toBe(false);
    expect(text).toContain('5 of 5 mutants, in 3 modules');
    expect(text).toMatch(/killed {4}lambdas\/domain\/limit\.ts:2 \[guard\] limit: `n > 10` → `true`/);
    expect(text).toMatch(/killed {4}lambdas\/domain\/limit\.ts:2 \[guard\] limit: `n > 10` → `false`/);
    expect(text).toMatch(/gate\.ts:3 +guard +gate +`n < 0` → `false` +1 test files passed/);
    expect(text).toMatch(/alone\.ts:2 +guard +alone +`n === 7` → `false` +no test reaches this module/);
    expect(lines).toContain('3 killed, 2 survived, 0 excused');
  });

  it('lets an excused mutant live', { timeout: 120_000 }, async () => {
    excuse({ ...survivor, reason });
    const { passed, lines } = await run('gate');
    expect(lines).toContain('1 killed, 0 survived, 1 excused');
    expect(passed).toBe(true);
  });

  it('refuses a stale excuse: of a killed mutant, and of none', { timeout: 120_000 }, async () => {
    excuse({
      file: 'lambdas/domain/limit.ts',
      within: 'limit',
      rule: 'guard',
      change: '`n > 10` → `true`',
      reason,
    });
    const killed = await run('limit');
    expect(killed.text).toContain('Stale excuses');
    expect(killed.passed).toBe(false);
    excuse({ ...survivor, reason }, { ...survivor, within: 'gone', reason });
    const gone = await run('gate');
    expect(gone.text).toContain('Stale excuses');
    expect(gone.passed).toBe(false);
  });

  it('needs a reason', { timeout: 120_000 }, async () => {
    excuse({ ...survivor, reason: '' });
    await expect(run('gate')).rejects.toThrow('needs a reason');
  });

  it('stops where the tests fail already', { timeout: 120_000 }, async () => {
    const broken = fixture({
      'lambdas/ports/a.ts': 'export const a = (n: number) => { if (n) throw n; };',
      'test/lambdas/ports/a.test.ts':
        "import { expect, it } from 'vitest';\nimport { a } from '../../../lambdas/ports/a.ts';\nit('fails', () => expect(a(0)).toBe(1));",
    });
    const lines: string[] = [];
    const passed = await runMutants({
      root: broken.root,
      project: '',
      excuses,
      selects: () => true,
      jobs: 1,
      listOnly: false,
      log: (line) => lines.push(line),
    });
    broken.remove();
    expect(passed).toBe(false);
    expect(lines.join('\n')).toContain('fails unmutated: test/lambdas/ports/a.test.ts: fails');
  });

  it('takes what fails before any test for what noticed, whatever it says', {
    timeout: 120_000,
  }, async () => {
    const early = fixture({
      'lambdas/ports/a.ts': 'export const a = (n: number) => { if (n < 0) throw n; return n; };',
      'test/lambdas/ports/a.test.ts': `import { beforeAll, expect, it } from 'vitest';
import { a } from '../../../lambdas/ports/a.ts';
beforeAll(() => {
  expect(() => a(-1), 'Failed to parse: a syntax error').toThrow();
});
it('lets a few through', () => expect(a(1)).toBe(1));
`,
    });
    const lines: string[] = [];
    const passed = await runMutants({
      root: early.root,
      project: '',
      excuses,
      selects: () => true,
      jobs: 1,
      listOnly: false,
      log: (line) => lines.push(line),
    });
    early.remove();
    expect(passed).toBe(true);
    expect(lines).toContain('1 killed, 0 survived, 0 excused');
  });

  it('can only list', async () => {
    const { passed, lines } = await run('', true);
    expect(passed).toBe(true);
    expect(lines.at(-1)).toBe('5 of 5 mutants, in 3 modules');
  });
});

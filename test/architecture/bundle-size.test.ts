import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { namedOperations } from '../../model/operations/index.ts';
import type { Bundle } from '../../scripts/bundle.ts';
import { bundle, sizeLines } from '../../scripts/bundle.ts';

/** Bytes of code, the AWS SDK included, that a function may have: each costs time at every cold start. */
const budgets: { readonly [name: string]: number } = {
  'access-review': 310_000,
  clinical: 450_000,
  // A quarter of it verifies passkeys (ADR 17).
  identity: 740_000,
  operator: 350_000,
  'passkey-challenge': 250_000,
  'pre-token': 280_000,
};

const overBudget = (bundles: readonly Bundle[]): string[] =>
  bundles.flatMap(({ name, bytes }) => (bytes <= (budgets[name] ?? 0) ? [] : [name]));

let directory: string;
let bundles: readonly Bundle[];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'chartlock-size-'));
  bundles = await bundle(undefined, directory);
  for (const line of sizeLines(bundles)) console.log(line);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('keeps every function within its budget', () => {
  expect(bundles.map(({ name }) => name)).toEqual(Object.keys(budgets).sort());
  expect(overBudget(bundles)).toEqual([]);
});

it('leaves the documentation of named operations out, and nothing that a request needs', () => {
  const texts = bundles.map(({ file }) => readFileSync(file, 'utf8'));
  for (const { id, description } of namedOperations) {
    expect(texts.filter((text) => text.includes(description))).toEqual([]);
    const withId = texts.filter((text) => text.includes(`"${id}"`) || text.includes(`'${id}'`));
    expect(withId.length, id).toBeGreaterThanOrEqual(3);
  }
  const withBody = namedOperations.filter(({ request }) => request !== undefined).length;
  for (const text of texts.filter((each) => each.includes(`"auth.login"`) || each.includes(`'auth.login'`)))
    expect(text.match(/\brequest:\{\}/g)).toHaveLength(withBody);
});

it('notices a function that has grown, and one without a budget', () => {
  const [first] = bundles;
  if (first === undefined) throw new TypeError('nothing was bundled');
  expect(overBudget([{ ...first, name: 'clinical', bytes: 450_001 }])).toEqual(['clinical']);
  expect(overBudget([{ ...first, name: 'another' }])).toEqual(['another']);
});

import { describe, expect, it } from 'vitest';
import { countsOf } from '../../scripts/test.ts';

describe('the counts of a test run', () => {
  it.each([
    ['all passed', '{"numPassedTests":7,"numFailedTests":0}', 0, { passed: 7, failed: 0 }],
    ['some failed', '{"numPassedTests":5,"numFailedTests":2}', 1, { passed: 5, failed: 2 }],
    ['an error outside of the tests', '{"numPassedTests":7,"numFailedTests":0}', 1, { passed: 7, failed: 1 }],
    ['broken off before any report', undefined, 1, { passed: 0, failed: 1 }],
  ])('%s', (_name, report, status, counts) => {
    expect(countsOf(report, status)).toEqual(counts);
  });
});

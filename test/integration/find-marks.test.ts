import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { resources } from '../../model/resources.ts';
import { findMarks } from './find-marks.ts';
import { markedRecord } from './marked-record.ts';

const encodings: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  plain: (bytes) => bytes,
  base64: (bytes) => Buffer.from(bytes.toString('base64')),
  base64url: (bytes) => Buffer.from(bytes.toString('base64url')),
  hex: (bytes) => Buffer.from(bytes.toString('hex')),
  'upper-case hex': (bytes) => Buffer.from(bytes.toString('hex').toUpperCase()),
  gzip: (bytes) => gzipSync(bytes),
  'percent encoding': (bytes) => Buffer.from(encodeURIComponent(bytes.toString('latin1'))),
};
const nested = Object.entries(encodings).flatMap(([outer, wrap]) =>
  Object.entries(encodings).map(([inner, enclose]) => ({
    form: `${inner} in ${outer}`,
    encode: (text: string, before: string) =>
      wrap(Buffer.concat([Buffer.from(before), enclose(Buffer.from(text)), Buffer.from(' after')])),
  })),
);
const marks = new Map(
  resources.flatMap((resource) =>
    [...markedRecord(resource).marks].map(([place, mark]) => [`${resource.name}.${place}`, mark] as const),
  ),
);

test.each(nested.filter(({ form }) => !form.includes('gzip in percent')))(
  'every marked value is found as $form',
  ({ encode }) => {
    for (const before of ['', 'a', 'ab', 'abc', '{"x":"'])
      for (const [name, mark] of marks) {
        const { length } = findMarks(
          [{ place: 'here', bytes: encode(mark, before) }],
          new Map([[name, mark]]),
        );
        expect(length, name).toBeGreaterThan(0);
      }
  },
);

test('every marked value is found in any case, and numbers without separators', () => {
  for (const [name, mark] of marks) {
    const bytes = Buffer.from(`…${mark.toUpperCase()}…`);
    expect(findMarks([{ place: 'here', bytes }], marks), name).toContain(`${name} in here`);
  }
  const ssn = [...marks].find(([name]) => name === 'Patient.ssn');
  const bytes = Buffer.from(`x${ssn?.[1].replaceAll('-', '')}x`);
  expect(findMarks([{ place: 'here', bytes }], marks)).toEqual(['Patient.ssn in here']);
});

test('nothing is found where nothing is', () => {
  const others = resources.map((resource) => JSON.stringify(markedRecord(resource).record));
  expect(findMarks([{ place: 'here', bytes: gzipSync(others.join()) }], marks)).toEqual([]);
});

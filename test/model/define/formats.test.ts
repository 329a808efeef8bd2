import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { formats } from '../../../model/define/formats.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('date', () => {
  it.each(['2024-02-29', '2000-02-29', '1999-12-31', '0001-01-01', '2026-04-30'])('accepts %s', (text) => {
    expect(formats.date(text)).toBe(true);
  });
  it.each([
    '2023-02-29',
    '1900-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-01-32',
    '0000-01-01',
    '2026-1-1',
    '20260101',
    ' 2026-01-01',
    '2026-01-01\n',
    '٢٠٢٦-٠١-٠١',
    '',
  ])('refuses %j', (text) => {
    expect(formats.date(text)).toBe(false);
  });
  it('agrees with the calendar of the language', () => {
    const part = (most: number) => fc.integer({ min: 0, max: most });
    fc.assert(
      fc.property(part(9999), part(13), part(32), (year, month, day) => {
        const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
        const real = new Date(`${text}T00:00:00.000Z`);
        const exists = year > 0 && !Number.isNaN(real.getTime()) && real.toISOString().startsWith(text);
        expect(formats.date(text)).toBe(exists);
      }),
    );
  });
});

describe('past-date', () => {
  it('compares with the day of the call', () => {
    vi.useFakeTimers({ now: new Date('2026-11-22T23:59:59Z') });
    expect(formats['past-date']('2026-11-22')).toBe(true);
    expect(formats['past-date']('2026-11-23')).toBe(false);
    vi.setSystemTime(new Date('2026-11-23T00:00:00Z'));
    expect(formats['past-date']('2026-11-23')).toBe(true);
  });
  it('refuses what is no date', () => {
    expect(formats['past-date']('1999-02-30')).toBe(false);
  });
});

describe('date-time', () => {
  it.each([
    '2026-01-05T08:30:00Z',
    '2026-01-05T08:30:00.123456789Z',
    '2026-01-05T23:59:59+14:00',
    '2026-01-05T00:00:00-05:30',
  ])('accepts %s', (text) => {
    expect(formats['date-time'](text)).toBe(true);
    expect(Number.isNaN(Date.parse(text))).toBe(false);
  });
  it.each([
    '2026-02-30T08:30:00Z',
    '2026-01-05 08:30:00Z',
    '2026-01-05t08:30:00z',
    '2026-01-05T08:30:00',
    '2026-01-05T08:30Z',
    '2026-01-05T24:00:00Z',
    '2026-01-05T08:60:00Z',
    '2026-12-31T23:59:60Z',
    '2026-01-05T08:30:00+15:00',
    '2026-01-05T08:30:00+05:60',
    '2026-01-05T08:30:00.Z',
    '2026-01-05T08:30:00.1234567890Z',
    '2026-01-05',
    '',
  ])('refuses %j', (text) => {
    expect(formats['date-time'](text)).toBe(false);
  });
  it('accepts every instant as the language writes it', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(formats['date-time'](date.toISOString())).toBe(true);
        },
      ),
    );
  });
});

describe('email', () => {
  it.each([
    'jose@example.org',
    "niamh.o'brien+lab@mail.example.co.uk",
    'a@b.co',
    `${'a'.repeat(64)}@example.org`,
  ])('accepts %s', (text) => {
    expect(formats.email(text)).toBe(true);
  });
  it.each([
    'example.org',
    '@example.org',
    'a@',
    'a@b',
    'a@b..co',
    'a@.b.co',
    'a@-b.co',
    'a@b-.co',
    'a@10.0.0.1',
    '.a@b.co',
    'a.@b.co',
    'a..b@b.co',
    'a b@b.co',
    'a@b@c.co',
    'a@b.co\n',
    '"a"@b.co',
    `${'a'.repeat(65)}@example.org`,
    `a@${'b'.repeat(64)}.co`,
    `a@${'b.'.repeat(130)}co`,
  ])('refuses %j', (text) => {
    expect(formats.email(text)).toBe(false);
  });
});

describe('uuid', () => {
  it('accepts what the language makes', () => {
    fc.assert(
      fc.property(fc.uuid(), (text) => {
        expect(formats.uuid(text)).toBe(true);
      }),
    );
  });
  it.each(['', '3f1e4c1a7a524d7e9a550c3f5f0e9b11', '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b1g'])(
    'refuses %j',
    (text) => {
      expect(formats.uuid(text)).toBe(false);
    },
  );
});

it('never throws, whatever the text', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(formats)), fc.string({ unit: 'binary' }), (format, text) => {
      expect(typeof format(text)).toBe('boolean');
    }),
  );
});

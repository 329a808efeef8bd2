import { constants, inflateRawSync } from 'node:zlib';

/** A piece of what the platform keeps or sends, and where it was found. */
export interface Piece {
  readonly place: string;
  readonly bytes: Uint8Array;
}

/** Layers of encoding that are taken off. */
const depth = 6;
const largestLayer = 64 * 1024 * 1024;
const gzipStart = Buffer.from([0x1f, 0x8b, 0x08]);

function* base64Layers(text: string): Generator<Buffer> {
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{12,}/g))
    for (const offset of [0, 1, 2, 3]) yield Buffer.from(run.slice(offset), 'base64');
}

function* hexLayers(text: string): Generator<Buffer> {
  for (const [run] of text.matchAll(/[0-9A-Fa-f]{16,}/g))
    for (const offset of [0, 1]) yield Buffer.from(run.slice(offset), 'hex');
}

/** Where the compressed data begins in a gzip member (RFC 1952), whatever follows it. */
const dataStart = (bytes: Buffer, at: number): number => {
  const flags = bytes[at + 3] ?? 0;
  let start = at + 10;
  if (flags & 4) start += 2 + (bytes[start] ?? 0) + 256 * (bytes[start + 1] ?? 0);
  for (const text of [8, 16]) if (flags & text) start = bytes.indexOf(0, start) + 1;
  return flags & 2 ? start + 2 : start;
};

function* gzipLayers(bytes: Buffer): Generator<Buffer> {
  for (let at = bytes.indexOf(gzipStart); at >= 0; at = bytes.indexOf(gzipStart, at + 1))
    try {
      yield inflateRawSync(bytes.subarray(dataStart(bytes, at)), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: largestLayer,
      });
    } catch {
      // Three bytes that look like gzip's beginning and are not.
    }
}

function* percentLayers(text: string): Generator<Buffer> {
  if (/%[0-9A-Fa-f]{2}/.test(text))
    yield Buffer.from(
      text.replace(/%([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
      'latin1',
    );
}

function* layers(bytes: Buffer, left: number): Generator<string> {
  const text = bytes.toString('latin1');
  yield text;
  if (left === 0) return;
  for (const inner of [base64Layers(text), hexLayers(text), gzipLayers(bytes), percentLayers(text)])
    for (const layer of inner) yield* layers(layer, left - 1);
}

const formsOf = (mark: string): readonly string[] => {
  const onlyDigits = mark.replace(/\D/g, '');
  return onlyDigits.length >= 8 && /^[\d\s().+TZ:-]+$/.test(mark) ? [mark, onlyDigits] : [mark];
};
const escaped = (text: string): string => text.toLowerCase().replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/**
 * Finds marked values in what was kept or sent, through base64, base64url, hexadecimal, gzip and percent encoding in
 * any nesting, in any case, and numbers without their separators.
 * @param marks the values by a name that may be shown
 * @returns `<name> in <place>` for each find; never a value
 */
export const findMarks = (pieces: Iterable<Piece>, marks: ReadonlyMap<string, string>): readonly string[] => {
  const names = new Map<string, string>();
  for (const [name, mark] of marks) for (const form of formsOf(mark)) names.set(form.toLowerCase(), name);
  const pattern = new RegExp([...names.keys()].map(escaped).join('|'), 'g');
  const found = new Set<string>();
  for (const { place, bytes } of pieces) {
    const everything = [...layers(Buffer.from(bytes), depth)].join('\n').toLowerCase();
    for (const [form] of everything.matchAll(pattern)) found.add(`${names.get(form)} in ${place}`);
  }
  return [...found];
};

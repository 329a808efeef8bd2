import canonicalize from 'canonicalize';

/**
 * The canonical form of a JSON value (RFC 8785): equal values have equal texts.
 * @throws TypeError when the value is not JSON: undefined, a function, not a finite number, ill-formed Unicode.
 */
export const canonicalForm = (value: unknown): string => {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new TypeError('not a JSON value', { cause });
  }
  if (text === undefined) throw new TypeError('not a JSON value');
  return text;
};

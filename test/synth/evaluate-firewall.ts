/** A web request, as far as the rules of a firewall look at it. */
export interface WebRequest {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

// biome-ignore lint/suspicious/noExplicitAny: a template is read here
type Fragment = any;

const fieldOf = (field: Fragment, { path, query = {}, headers = {} }: WebRequest): string | undefined => {
  if (field.UriPath) return path;
  if (field.SingleQueryArgument) return query[field.SingleQueryArgument.Name];
  if (field.SingleHeader) return headers[field.SingleHeader.Name];
  throw new Error(`no such field here: ${Object.keys(field)}`);
};

const transformations: Readonly<Record<string, (value: string) => string>> = {
  NONE: (value) => value,
  LOWERCASE: (value) => value.toLowerCase(),
  URL_DECODE: decodeURIComponent,
  NORMALIZE_PATH: (value) => new URL(value.replace(/\/+/g, '/'), 'https://login.example').pathname,
};
const transformed = (value: string, list: Fragment): string => {
  const ordered = [...list].sort((one, other) => one.Priority - other.Priority);
  return ordered.reduce((text: string, { Type }: Fragment) => {
    const transform = transformations[Type];
    if (transform === undefined) throw new Error(`no such transformation here: ${Type}`);
    return transform(text);
  }, value);
};

const positions: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  EXACTLY: (value, wanted) => value === wanted,
  STARTS_WITH: (value, wanted) => value.startsWith(wanted),
  CONTAINS: (value, wanted) => value.includes(wanted),
};

/** Whether a rule's statement matches a request; a field that a request does not have matches nothing (AWS WAF). */
export const matches = (statement: Fragment, request: WebRequest): boolean => {
  const [kind = '', content] = (Object.entries(statement)[0] ?? []) as [string?, Fragment?];
  const inspected = (): string | undefined => {
    const value = fieldOf(content.FieldToMatch, request);
    return value && transformed(value, content.TextTransformations);
  };
  switch (kind) {
    case 'AndStatement':
      return content.Statements.every((part: Fragment) => matches(part, request));
    case 'OrStatement':
      return content.Statements.some((part: Fragment) => matches(part, request));
    case 'NotStatement':
      return !matches(content.Statement, request);
    case 'ByteMatchStatement': {
      const value = inspected();
      const isAt = positions[content.PositionalConstraint];
      if (isAt === undefined) throw new Error(`no such position here: ${content.PositionalConstraint}`);
      return value !== undefined && isAt(value, content.SearchString);
    }
    case 'SizeConstraintStatement': {
      const value = inspected();
      if (content.ComparisonOperator !== 'GT') throw new Error('only GT is known here');
      return value !== undefined && value.length > content.Size;
    }
    default:
      throw new Error(`no such statement here: ${kind}`);
  }
};

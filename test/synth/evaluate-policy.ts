/** A request as IAM sees it. */
export interface IamRequest {
  /** The ARN of the role or user that asks. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** Condition keys; a missing key is absent from the request. */
  readonly context?: { readonly [key: string]: string | readonly string[] };
}

type OneOrMany = string | number | readonly string[];

/** A statement of an identity or resource policy. */
export interface IamStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: OneOrMany;
  readonly Resource?: OneOrMany;
  readonly Principal?: '*' | { readonly [kind: string]: OneOrMany };
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: OneOrMany } };
}

const list = (value: OneOrMany | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'object' ? value : [String(value)];

const like = (pattern: string, value: string): boolean => {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(value);
};

/** Control characters stand for wildcards that came in with a variable's value, and are literal there. */
const literal = (value: string): string => value.replaceAll('*', '\u0001').replaceAll('?', '\u0002');

/** A pattern with its policy variables; nothing when the request has no value for one. */
const substituted = (pattern: string, context: IamRequest['context'] = {}): string | undefined => {
  let missing = false;
  const result = pattern.replace(/\$\{([^}]+)\}/g, (_whole, key: string) => {
    const value = lookup(context, key);
    if (typeof value !== 'string') missing = true;
    return literal(typeof value === 'string' ? value : '');
  });
  return missing ? undefined : result;
};

const lookup = (context: NonNullable<IamRequest['context']>, key: string): OneOrMany | undefined =>
  Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];

type Compare = (wanted: string, actual: string) => boolean;
const likeLiteral: Compare = (wanted, actual) => like(wanted, literal(actual));

const comparisons: Record<string, Compare> = {
  StringEquals: (wanted, actual) => wanted === literal(actual),
  StringLike: likeLiteral,
  ArnEquals: likeLiteral,
  ArnLike: likeLiteral,
  Bool: (wanted, actual) => wanted === actual,
  NumericLessThan: (wanted, actual) => Number(actual) < Number(wanted),
  NumericGreaterThanEquals: (wanted, actual) => Number(actual) >= Number(wanted),
};

const holds = (
  operator: string,
  key: string,
  wanted: readonly string[],
  context: NonNullable<IamRequest['context']>,
): boolean => {
  const actual = lookup(context, key);
  if (operator === 'Null') return (actual === undefined) === (wanted[0] === 'true');
  const [quantifier, comparison] = operator.includes(':') ? operator.split(':') : [undefined, operator];
  const negated = comparison?.includes('Not') ?? false;
  const name = comparison?.replace('Not', '') ?? '';
  const compare = comparisons[name];
  if (!compare) throw new Error(`the evaluator does not know the operator ${operator}`);
  const patterns = wanted.flatMap((pattern) => substituted(pattern, context) ?? []);
  const matches = (value: string): boolean => patterns.some((pattern) => compare(pattern, value));
  const values = list(actual);
  if (negated) return actual === undefined || !values.some(matches);
  if (quantifier === 'ForAllValues') return values.every(matches);
  if (quantifier === undefined && values.length > 1)
    throw new Error(`${key} has many values, but ${operator} compares one`);
  return values.some(matches);
};

const concerns = (statement: IamStatement, request: IamRequest): boolean => {
  const account = request.principal.split(':')[4] ?? '';
  const principals =
    statement.Principal === undefined || statement.Principal === '*' ? ['*'] : list(statement.Principal.AWS);
  const context = { 'aws:PrincipalArn': request.principal, ...request.context };
  return (
    principals.some(
      (principal) =>
        principal === '*' || principal === request.principal || principal.endsWith(`::${account}:root`),
    ) &&
    list(statement.Action).some((action) => like(action.toLowerCase(), request.action.toLowerCase())) &&
    list(statement.Resource ?? '*').some((resource) => {
      const pattern = substituted(resource, context);
      return pattern !== undefined && like(pattern, literal(request.resource));
    }) &&
    Object.entries(statement.Condition ?? {}).every(([operator, block]) =>
      Object.entries(block).every(([key, wanted]) => holds(operator, key, list(wanted), context)),
    )
  );
};

/** What one policy says to a request: a denial beats a permission, and silence is neither. */
export const evaluatePolicy = (
  statements: readonly IamStatement[],
  request: IamRequest,
): 'allow' | 'deny' | 'silent' => {
  const effects = statements.filter((statement) => concerns(statement, request)).map(({ Effect }) => Effect);
  if (effects.includes('Deny')) return 'deny';
  return effects.includes('Allow') ? 'allow' : 'silent';
};

/**
 * Whether a request passes an identity's own policies and, where a resource decides too (a KMS key always does), the
 * resource's.
 */
export const isAllowed = (
  request: IamRequest,
  identity: readonly IamStatement[],
  resource?: readonly IamStatement[],
): boolean =>
  evaluatePolicy(identity, request) === 'allow' &&
  (resource === undefined || evaluatePolicy(resource, request) === 'allow');

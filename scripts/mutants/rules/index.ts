import { bypass } from './bypass.ts';
import { conditionExpression } from './condition-expression.ts';
import { cryptography } from './cryptography.ts';
import { guard } from './guard.ts';
import { middleware } from './middleware.ts';
import { option } from './option.ts';
import { part } from './part.ts';
import { predicate } from './predicate.ts';
import type { Rule } from './rule.ts';
import { statement } from './statement.ts';
import { unconditionalThrow } from './throw.ts';

/** Every rule by which a protection is found. */
export const rules: readonly Rule[] = [
  middleware,
  guard,
  predicate,
  unconditionalThrow,
  conditionExpression,
  statement,
  bypass,
  cryptography,
  part,
  option,
];

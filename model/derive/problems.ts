import type { ProblemCode } from '../problems.ts';
import { problems } from '../problems.ts';
import type { Operation } from './operations.ts';
import { requestSchema } from './schemas.ts';

const always: readonly ProblemCode[] = [
  'invalid-parameter',
  'phi-in-url',
  'rate-limited',
  'internal',
  'unavailable',
];
const withBody: readonly ProblemCode[] = [
  'malformed-body',
  'invalid-body',
  'too-large',
  'unsupported-media-type',
];
const withToken: readonly ProblemCode[] = ['unauthenticated', 'not-permitted'];
const beforeSignIn: readonly ProblemCode[] = ['unauthenticated', 'invalid-credentials', 'invalid-challenge'];
const byInteraction = {
  create: ['field-not-permitted', 'conflict', 'idempotency-key-reused'],
  read: ['field-not-permitted', 'not-found'],
  update: ['field-not-permitted', 'not-found', 'conflict', 'version-mismatch', 'precondition-required'],
  search: ['field-not-permitted'],
} as const satisfies Record<string, readonly ProblemCode[]>;

const ofKind = (operation: Operation): readonly ProblemCode[] => {
  if (operation.kind === 'named')
    return [
      ...(operation.status === 201 ? (['conflict'] as const) : []),
      ...(operation.definition.sensitive ? (['step-up-required'] as const) : []),
      ...(operation.definition.problems ?? []),
    ];
  const { interaction, resource } = operation;
  const ofPatient = resource.subject === 'patient' && (interaction === 'create' || interaction === 'search');
  return [...byInteraction[interaction], 'integrity-failure', ...(ofPatient ? (['not-found'] as const) : [])];
};

/** The problems that an operation can answer, in the catalogue's order. */
export const problemsOf = (operation: Operation): readonly ProblemCode[] => {
  const possible = new Set<ProblemCode>([
    ...always,
    ...(requestSchema(operation) ? withBody : []),
    ...(operation.scope === undefined ? beforeSignIn : withToken),
    ...ofKind(operation),
  ]);
  return (Object.keys(problems) as ProblemCode[]).filter((code) => possible.has(code));
};

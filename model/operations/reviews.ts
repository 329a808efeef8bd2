import { defineOperation } from '../define/define-operation.ts';
import { pageOf, pageRequest } from './page.ts';

const time = { type: 'string', format: 'date-time', maxLength: 24 } as const;
const review = {
  id: { type: 'string', pattern: '^[0-9A-HJKMNP-TV-Z]{26}$', maxLength: 26 },
  status: { type: 'string', enum: ['open', 'closed'] },
  startedAt: time,
  deadline: { ...time, description: 'When every grant that nobody attested expires.' },
} as const;
const reviewSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'status', 'startedAt', 'deadline'],
  properties: review,
} as const;
const subject = {
  type: 'string',
  pattern: '^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9]{10,128})$',
  maxLength: 128,
  description: 'A person, or the client of a machine.',
} as const;
const decisions = ['pending', 'attested', 'revoked', 'expired', 'superseded'] as const;
const count = { type: 'integer', minimum: 0, maximum: 1_000_000 } as const;

const common = { capability: 'identity', allows: ['admin', 'compliance'], event: 'ACCESS_REVIEW' } as const;

/** Starts a review of all access to the caller's tenant. */
export const startReview = defineOperation({
  ...common,
  id: 'reviews.start',
  description:
    'Start a review of all access to your tenant (45 CFR 164.308(a)(4)(ii)(C)): what nobody attests within 30 days expires.',
  method: 'POST',
  path: '/reviews',
  sensitive: true,
  response: reviewSchema,
  status: 201,
});

/** Lists the reviews of the caller's tenant. */
export const listReviews = defineOperation({
  ...common,
  id: 'reviews.list',
  description: 'List the reviews of access to your tenant, the latest first.',
  method: 'POST',
  path: '/reviews/_search',
  request: pageRequest,
  example: { limit: 25 },
  response: pageOf(reviewSchema),
  status: 200,
});

/** Reads a review. */
export const readReview = defineOperation({
  ...common,
  id: 'reviews.read',
  description: 'Read a review of access, and how many of its grants are decided.',
  method: 'GET',
  path: '/reviews/{id}',
  parameters: { id: 'id' },
  response: {
    type: 'object',
    additionalProperties: false,
    required: [...reviewSchema.required, 'grants'],
    properties: {
      ...review,
      grants: {
        type: 'object',
        additionalProperties: false,
        required: decisions,
        properties: Object.fromEntries(decisions.map((decision) => [decision, count])),
      },
    },
  },
  status: 200,
  problems: ['not-found'],
});

/** Lists the grants of a review. */
export const listReviewedGrants = defineOperation({
  ...common,
  id: 'reviews.grants',
  description:
    'List every grant in a review: whose it is, what it is, and what was decided. Patients’ access to their own record is none.',
  method: 'POST',
  path: '/reviews/{id}/_search',
  parameters: { id: 'id' },
  request: pageRequest,
  example: { limit: 100 },
  response: pageOf({
    type: 'object',
    additionalProperties: false,
    required: ['subject', 'role', 'decision'],
    properties: {
      subject,
      role: { type: 'string', maxLength: 20, description: 'When the review began.' },
      now: {
        type: 'string',
        maxLength: 41,
        description: 'What a decision is about: role and status, nurse.active.',
      },
      decision: {
        type: 'string',
        enum: decisions,
        description: 'superseded: the grant had changed otherwise by then.',
      },
      decidedBy: subject,
      decidedAt: time,
    },
  }),
  status: 200,
  problems: ['not-found'],
});

/** Decides about a grant in a review. */
export const decideGrant = defineOperation({
  ...common,
  id: 'reviews.decide',
  description:
    'Attest that somebody still needs their access, or revoke it at once; nobody decides about their own.',
  method: 'POST',
  path: '/reviews/{id}/decisions',
  parameters: { id: 'id' },
  sensitive: true,
  request: {
    type: 'object',
    additionalProperties: false,
    required: ['subject', 'decision'],
    properties: { subject, decision: { enum: ['attest', 'revoke'] } },
  },
  example: { subject: '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11', decision: 'attest' },
  status: 204,
  problems: ['not-found', 'conflict'],
});

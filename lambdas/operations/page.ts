import { timingSafeEqual } from 'node:crypto';
import { usualPage } from '../../model/operations/page.ts';
import { ApiError } from '../domain/api-error.ts';
import { canonicalForm } from '../domain/canonical-form.ts';
import type { SignInClient } from '../ports/sign-in-client.ts';
import type { OperationRequest } from './run.ts';

/** The part of a list that is asked for. */
export interface Page {
  /** The position behind which it begins; absent at the beginning. */
  readonly after?: string;
  readonly limit: number;
}

/** Whose list it is, and of what: a cursor is good for the same caller, operation, path and body alone. */
export type PageRequest = Pick<
  OperationRequest,
  'operation' | 'principal' | 'pathParameters' | 'body' | 'now'
>;

type Digest = Pick<SignInClient, 'digest'>;

/** Seconds that a cursor is good for. */
const cursorLife = 900;

const codeOf = (
  { operation, principal, pathParameters, body }: PageRequest,
  content: string,
  { digest }: Digest,
): Promise<string> => {
  if (principal === undefined) throw new ApiError('unauthenticated');
  const { cursor: _cursor, limit: _limit, ...query } = body as { readonly [member: string]: unknown };
  const { tenant, subject } = principal;
  const bound = { operation: operation.id, tenant, subject, pathParameters, query, content };
  return digest('cursor', canonicalForm(bound));
};

/** The cursor of the page behind a position, which may be any opaque text. */
export const cursorBehind = async (
  request: PageRequest,
  position: string,
  signIn: Digest,
): Promise<string> => {
  const expiresAt = Math.floor(request.now.getTime() / 1000) + cursorLife;
  const content = Buffer.from(JSON.stringify([expiresAt, position])).toString('base64url');
  return `${content}.${await codeOf(request, content, signIn)}`;
};

/**
 * The page that a request asks for (requirement F3).
 * @throws ApiError `invalid-parameter` for a cursor that is altered, of another caller or list, or too old.
 */
export const pageAsked = async (request: PageRequest, signIn: Digest): Promise<Page> => {
  const { cursor, limit = usualPage } = request.body as { readonly cursor?: string; readonly limit?: number };
  if (cursor === undefined) return { limit };
  const [content = '', code = ''] = cursor.split('.');
  const right = Buffer.from(await codeOf(request, content, signIn));
  const given = Buffer.from(code);
  if (given.length !== right.length || !timingSafeEqual(given, right))
    throw new ApiError('invalid-parameter', { policy: 'page.cursor' });
  const [expiresAt, after] = JSON.parse(Buffer.from(content, 'base64url').toString()) as [number, string];
  if (expiresAt * 1000 <= request.now.getTime())
    throw new ApiError('invalid-parameter', { policy: 'page.cursor' });
  return { after, limit };
};

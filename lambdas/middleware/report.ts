import { performance } from 'node:perf_hooks';
import { problems } from '../../model/problems.ts';
import { asApiError } from '../domain/as-api-error.ts';
import type { Log, LogLine } from '../ports/log.ts';
import { errorPlaces } from '../ports/log.ts';
import type { Chain, ChainMiddleware } from './chain.ts';

const lineOf = (chain: Chain, status: number): LogLine => ({
  requestId: chain.requestId,
  operation: chain.operation?.id ?? 'unknown',
  status,
  duration: Math.round(performance.now() - chain.startedAt),
});

/** Writes one log line for each request: ids, codes, status and duration (requirement E13). */
export const report = (log: Log): ChainMiddleware => ({
  after: ({ context: { chain }, response }) => {
    log.request(lineOf(chain, response?.statusCode ?? 0));
  },
  onError: ({ context: { chain }, error }) => {
    const { code, cause } = asApiError(error);
    const line = { ...lineOf(chain, problems[code].status), code };
    if (problems[code].status < 500) log.request(line);
    else log.failure({ ...line, ...errorPlaces(cause ?? error) });
  },
});

import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import type { ProblemCode } from '../../model/problems.ts';

/** What a log line may hold: ids, codes and numbers. */
export interface LogLine {
  readonly requestId?: string;
  readonly operation?: string;
  readonly status?: number;
  readonly duration?: number;
  readonly code?: ProblemCode;
  /** The class of an error that is not in the catalogue, never its message. */
  readonly error?: string;
  /** Where it was thrown, as `file:line:column`. */
  readonly at?: readonly string[];
}

const word = /^[\w.:-]{1,128}$/;
const isWord = (value: unknown): boolean => typeof value === 'string' && word.test(value);
const members: { readonly [K in keyof Required<LogLine>]: (value: unknown) => boolean } = {
  requestId: isWord,
  operation: isWord,
  status: Number.isSafeInteger,
  duration: Number.isSafeInteger,
  code: isWord,
  error: isWord,
  at: (value) => Array.isArray(value) && value.every(isWord),
};

/** Formats a log line from the allow-list alone; what is not on it, or not in its form, is dropped (requirement E13). */
export class AllowListFormatter extends LogFormatter {
  override formatAttributes(attributes: UnformattedAttributes, additional: LogAttributes): LogItem {
    const allowed = Object.entries(members).flatMap(([name, check]) =>
      check(additional[name]) ? [[name, additional[name]]] : [],
    );
    return new LogItem({
      attributes: {
        level: attributes.logLevel,
        time: this.formatTimestamp(attributes.timestamp),
        message: events.has(attributes.message) ? attributes.message : 'other',
        ...Object.fromEntries(allowed),
      },
    });
  }
}

/** What is to be looked at although it did not fail a request. */
const warnings = ['revocation-failed', 'compensation-failed', 'account-unchanged'] as const;
type Warning = (typeof warnings)[number];
const events: ReadonlySet<string> = new Set(['request', 'failure', ...warnings]);

/** Writes log lines. */
export interface Log {
  readonly request: (line: LogLine) => void;
  readonly failure: (line: LogLine) => void;
  /** Something to look at that did not fail the request. */
  readonly warn: (event: Warning, line: LogLine) => void;
}

/** Structured logs to standard output, ids and codes only. */
export const log = (): Log => {
  const logger = new Logger({ logFormatter: new AllowListFormatter(), logLevel: 'INFO' });
  return {
    request: (line) => logger.info('request', { ...line }),
    failure: (line) => logger.error('failure', { ...line }),
    warn: (event, line) => logger.warn(event, { ...line }),
  };
};

const place = /([\w.-]+\.(?:mjs|js|ts):\d+:\d+)\)?$/;

/** An error's class and the places in its stack, without its message, which may hold anything. */
export const errorPlaces = (error: unknown): Pick<LogLine, 'error' | 'at'> => {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '').split('\n    at ').slice(1, 8);
  return {
    error: error.name,
    at: frames.flatMap((frame) => place.exec(frame)?.[1] ?? []),
  };
};

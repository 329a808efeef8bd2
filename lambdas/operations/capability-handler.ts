import { type Operation, operations } from '../../model/derive/operations.ts';
import type { Capability } from '../../model/vocabulary.ts';
import { ApiError } from '../domain/api-error.ts';
import { problemAnswer } from '../middleware/problem.ts';
import { errorPlaces } from '../ports/log.ts';
import {
  type ApiHandler,
  type ChainPorts,
  operationHandler,
  unknownRouteHandler,
} from './operation-handler.ts';
import type { Run } from './run.ts';

/** The run of an operation; what a run fetches is its own affair. */
// biome-ignore lint/suspicious/noExplicitAny: only a run itself sees what it fetched
export type AnyRun<P> = Run<P, any, any>;

/**
 * The function of a capability: finds the operation by the route that API Gateway matched, and hands the request to its
 * chain.
 * @throws TypeError at start when an operation of the capability has no run or no validator.
 */
export const capabilityHandler = <P>(
  capability: Capability,
  runOf: (operation: Operation) => AnyRun<P> | undefined,
  ports: ChainPorts & P,
): ApiHandler => {
  const handlers = new Map(
    operations
      .filter((operation) => operation.capability === capability)
      .map((operation) => {
        const run = runOf(operation);
        if (run === undefined) throw new TypeError(`operation ${operation.id} has no run`);
        return [`${operation.method} ${operation.path}`, operationHandler(operation, run, ports)];
      }),
  );
  const unknownRoute = unknownRouteHandler(ports);
  return async (event, context) => {
    try {
      const handler = handlers.get(`${event.httpMethod} ${event.resource}`) ?? unknownRoute;
      return await handler(event, context);
    } catch (error) {
      ports.log.failure({ requestId: context.awsRequestId, status: 503, ...errorPlaces(error) });
      return problemAnswer(new ApiError('unavailable'), context.awsRequestId);
    }
  };
};

import {
  GetFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { assertKept, type Reapplier } from './reapplier.ts';

/** Reserved concurrency of `AWS::Lambda::Function`. */
export const reapplyLambdaFunction: Reapplier = async ({ id: FunctionName, property }, config) => {
  const reserved = property<number>('ReservedConcurrentExecutions');
  if (reserved === undefined) return [];
  const lambda = new LambdaClient(config);
  await lambda.send(
    new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: reserved }),
  );
  const kept = await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }));
  assertKept(kept.ReservedConcurrentExecutions === reserved, 'ReservedConcurrentExecutions', FunctionName);
  return ['ReservedConcurrentExecutions'];
};

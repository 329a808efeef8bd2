import type { Context } from 'aws-lambda';
import { defineOperation } from '../../model/define/define-operation.ts';
import { type CustomOperation, customOperation } from '../../model/derive/operations.ts';
import { problems } from '../../model/problems.ts';
import { asApiError } from '../domain/as-api-error.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import { refusalEntry, successEntry } from '../middleware/audit.ts';
import { type Chain, startChain } from '../middleware/chain.ts';
import type { AuditLog, AuditPut } from '../ports/audit-log.ts';
import { errorPlaces, type Log } from '../ports/log.ts';

/** What every command of an operator needs. */
export interface OperatorPorts {
  readonly auditLog: AuditLog;
  readonly auditPut: (entry: AuditEntry) => AuditPut;
  readonly log: Log;
}

/** A function for direct invocation. */
export type OperatorFunction<A> = (input: unknown, context: Context) => Promise<A>;

/** What an operator can do; it is invoked directly, under IAM, and no API has it (ADR 7). */
export const operatorOperation = (
  declared: Pick<CustomOperation['definition'], 'id' | 'description' | 'path' | 'status'>,
): CustomOperation =>
  customOperation(
    defineOperation({
      ...declared,
      capability: 'identity',
      method: 'POST',
      allows: ['operator'],
      event: 'CONFIGURATION_CHANGE',
    }),
  );

/**
 * An operator's command with its one audit entry, which the command may also commit by itself.
 * @returns a function for direct invocation; it throws with the problem's code and title.
 */
export const operatorCommand =
  <P extends OperatorPorts, A>(
    operation: CustomOperation,
    run: (input: unknown, chain: Chain, ports: P) => Promise<A>,
  ) =>
  (ports: P): OperatorFunction<A> =>
  async (input, context) => {
    const event = { requestContext: {} } as Parameters<typeof startChain>[0];
    const chain = startChain(event, context, { operation, now: new Date(), mark: ports.auditLog.mark() });
    chain.facts.role = 'operator';
    try {
      const answer = await run(input, chain, ports);
      if (!chain.audited) await ports.auditLog.write(successEntry(chain, operation.status));
      return answer;
    } catch (error) {
      const refusal = asApiError(error);
      const { requestId } = chain;
      ports.log.failure({
        requestId,
        operation: operation.id,
        code: refusal.code,
        ...errorPlaces(refusal.cause),
      });
      await ports.auditLog.write(refusalEntry(chain, refusal)).catch(() => {});
      throw new Error(`${refusal.code}: ${problems[refusal.code].title} (request ${requestId})`);
    }
  };

/** One function for several commands; what names none of them is for the first one to refuse. */
export const operatorCommands = (commands: {
  readonly [command: string]: OperatorFunction<unknown>;
}): OperatorFunction<unknown> => {
  const [first] = Object.values(commands);
  if (first === undefined) throw new TypeError('there is no command');
  return (input, context) => {
    const { command } = (input ?? {}) as { readonly command?: unknown };
    const known = typeof command === 'string' && Object.hasOwn(commands, command) ? commands[command] : first;
    return (known ?? first)(input, context);
  };
};

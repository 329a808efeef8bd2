import { hash } from 'node:crypto';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Principal } from '../domain/principal.ts';
import { newHandle } from './sign-in-store.ts';

/** Whose proof it is, and of which of their sessions. */
export type ProofOwner = Pick<Principal, 'tenant' | 'subject' | 'session'>;

/** Proofs that someone has authenticated again just now (RFC 9470), each good for one sensitive request. */
export interface StepUpProofs {
  /** Seconds for which a proof, or a sign-in itself, is recent. */
  readonly life: number;
  /** @returns the proof, which is kept as its hash alone. */
  readonly issue: (owner: ProofOwner, now: Date) => Promise<string>;
  /** Uses a proof up. @returns whether it was this session's, in its time and not used before. */
  readonly use: (owner: ProofOwner, proof: string, now: Date) => Promise<boolean>;
}

const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);

/** Proofs in the sessions table beside their principal's sessions, with credentials that reach one tenant's keys only. */
export const stepUpProofs = ({
  table,
  life,
  clientFor,
}: {
  readonly table: string;
  readonly life: number;
  readonly clientFor: (tenant: string) => DynamoDBClient;
}): StepUpProofs => {
  const update = async (
    { tenant, subject }: ProofOwner,
    proof: string,
    command: {
      readonly set: string;
      readonly condition: string;
      readonly names?: Record<string, string>;
      readonly values: Record<string, AttributeValue>;
    },
  ): Promise<boolean> => {
    try {
      await clientFor(tenant).send(
        new UpdateItemCommand({
          TableName: table,
          Key: { pk: { S: `T#${tenant}#U#${subject}` }, sk: { S: `PROOF#${hash('sha256', proof, 'hex')}` } },
          UpdateExpression: command.set,
          ConditionExpression: command.condition,
          ExpressionAttributeNames: { '#session': 'session', ...command.names },
          ExpressionAttributeValues: command.values,
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };

  return {
    life,
    issue: async (owner, now) => {
      const proof = newHandle();
      const isNew = await update(owner, proof, {
        set: 'SET #session = :session, expiresAt = :expires, #ttl = :expires',
        condition: 'attribute_not_exists(pk)',
        names: { '#ttl': 'ttl' },
        values: { ':session': { S: owner.session }, ':expires': { N: String(seconds(now) + life) } },
      });
      if (!isNew) throw new Error('a proof is there already');
      return proof;
    },
    use: (owner, proof, now) =>
      update(owner, proof, {
        set: 'SET usedAt = :now',
        condition: '#session = :session AND expiresAt > :now AND attribute_not_exists(usedAt)',
        values: { ':session': { S: owner.session }, ':now': { N: String(seconds(now)) } },
      }),
  };
};

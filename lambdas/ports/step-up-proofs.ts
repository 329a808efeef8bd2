import { hash } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
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
  const itemOf = ({ tenant, subject }: ProofOwner, proof: string) => ({
    TableName: table,
    Key: { pk: { S: `T#${tenant}#U#${subject}` }, sk: { S: `PROOF#${hash('sha256', proof, 'hex')}` } },
  });

  return {
    life,
    issue: async (owner, now) => {
      const proof = newHandle();
      await clientFor(owner.tenant).send(
        new UpdateItemCommand({
          ...itemOf(owner, proof),
          UpdateExpression: 'SET #session = :session, expiresAt = :expires, #ttl = :expires',
          ExpressionAttributeNames: { '#session': 'session', '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':session': { S: owner.session },
            ':expires': { N: String(seconds(now) + life) },
          },
        }),
      );
      return proof;
    },
    use: async (owner, proof, now) => {
      try {
        await clientFor(owner.tenant).send(
          new UpdateItemCommand({
            ...itemOf(owner, proof),
            UpdateExpression: 'SET usedAt = :now',
            ConditionExpression: '#session = :session AND expiresAt > :now AND attribute_not_exists(usedAt)',
            ExpressionAttributeNames: { '#session': 'session' },
            ExpressionAttributeValues: {
              ':session': { S: owner.session },
              ':now': { N: String(seconds(now)) },
            },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
};

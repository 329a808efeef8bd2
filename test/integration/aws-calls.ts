import type { Event } from '@aws-sdk/client-cloudtrail';
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import type { Cloud } from './cloud.ts';

const eventsBy = async (
  { trail }: Cloud,
  AttributeKey: 'EventName' | 'EventSource',
  AttributeValue: string,
): Promise<Event[]> => {
  const LookupAttributes = [{ AttributeKey, AttributeValue }];
  const { Events = [] } = await trail.send(new LookupEventsCommand({ LookupAttributes, MaxResults: 50 }));
  return Events;
};

/**
 * How often each of some AWS operations was called while something was done, by CloudTrail, and how often a role was
 * assumed. LookupEvents gives 50 events of one name at most, so a count of 50 may be more.
 */
export const callsDuring = async (
  cloud: Cloud,
  names: readonly string[],
  during: () => Promise<void>,
): Promise<Readonly<Record<string, number>>> => {
  const seen = async (): Promise<readonly Event[]> => [
    ...(await Promise.all(names.map((name) => eventsBy(cloud, 'EventName', name)))).flat(),
    ...(await eventsBy(cloud, 'EventSource', 'sts.amazonaws.com')),
  ];
  const before = new Set((await seen()).map(({ EventId }) => EventId));
  await during();
  const counts: Record<string, number> = {};
  for (const { EventId, EventName = '', EventSource } of await seen()) {
    if (before.has(EventId)) continue;
    const name = EventSource === 'sts.amazonaws.com' ? 'AssumeRole' : EventName;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

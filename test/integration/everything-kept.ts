import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Event } from '@aws-sdk/client-cloudtrail';
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { paginateDescribeLogGroups, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { paginateListTables } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListBucketsCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { Cloud } from './cloud.ts';
import { itemsOf } from './cloud.ts';
import type { Piece } from './find-marks.ts';

const text = (place: string, value: string | undefined): Piece => ({
  place,
  bytes: Buffer.from(value ?? ''),
});

function* valuesIn(place: string, value: AttributeValue): Generator<Piece> {
  if (value.B !== undefined) yield { place, bytes: value.B };
  else if (value.M !== undefined)
    for (const [name, inner] of Object.entries(value.M)) {
      yield text(`a name in ${place}`, name);
      yield* valuesIn(`${place}.${name}`, inner);
    }
  else if (value.L !== undefined) for (const inner of value.L) yield* valuesIn(place, inner);
  else yield text(place, value.S ?? value.N ?? JSON.stringify(value));
}

/** Every attribute of every item of every table. */
export const everyItem = async (cloud: Cloud): Promise<readonly Piece[]> => {
  const pieces: Piece[] = [];
  for await (const { TableNames = [] } of paginateListTables({ client: cloud.dynamodb }, {}))
    for (const table of TableNames)
      for (const item of await itemsOf(cloud, table))
        for (const [name, value] of Object.entries(item)) pieces.push(...valuesIn(`${table} ${name}`, value));
  return pieces;
};

/** Every event of every log group, and their streams' names. */
export const everyLogEvent = async ({ logs }: Cloud): Promise<readonly Piece[]> => {
  const pieces: Piece[] = [];
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client: logs }, {}))
    for (const { logGroupName = '' } of logGroups) {
      pieces.push(text('a log group’s name', logGroupName));
      for await (const { events = [] } of paginateFilterLogEvents({ client: logs }, { logGroupName }))
        for (const { message, logStreamName } of events)
          pieces.push(text(`log ${logGroupName}`, message), text('a log stream’s name', logStreamName));
    }
  return pieces;
};

/** Every object of every bucket, and their keys. */
export const everyObject = async ({ s3 }: Cloud): Promise<readonly Piece[]> => {
  const pieces: Piece[] = [];
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  for (const { Name: Bucket = '' } of Buckets)
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket }))
      for (const { Key = '' } of Contents) {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        pieces.push(text('an object’s key', Key), {
          place: `object ${Bucket}/${Key}`,
          bytes: (await Body?.transformToByteArray()) ?? Buffer.alloc(0),
        });
      }
  return pieces;
};

/** What CloudTrail recorded since a time of every call to AWS but those to some services. */
export const everyCall = async (
  { trail }: Cloud,
  since: Date,
  exceptServices: readonly string[],
): Promise<readonly Piece[]> => {
  const found = new Map<string, Event>();
  for (let until = new Date(Date.now() + 1000), known = -1; found.size > known; ) {
    known = found.size;
    const { Events = [] } = await trail.send(
      new LookupEventsCommand({ StartTime: since, EndTime: until, MaxResults: 50 }),
    );
    for (const event of Events) found.set(event.EventId ?? '', event);
    until = new Date((Events.at(-1)?.EventTime ?? since).getTime() + 1);
  }
  return [...found.values()]
    .filter(({ EventSource = '' }) => !exceptServices.some((service) => EventSource.startsWith(service)))
    .map(({ EventName, CloudTrailEvent }) => text(`call ${EventName}`, CloudTrailEvent));
};

/** Every file below a directory that was written since a time, but for copies of the functions' code, and the names of all. */
export const everyFile = (directory: string, since: Date): readonly Piece[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((file) => {
      const name = relative(directory, file);
      const isNew = statSync(file, { throwIfNoEntry: false })?.mtime ?? since;
      return [
        text('a file’s name', name),
        ...(isNew >= since && !name.endsWith('index.mjs')
          ? [{ place: `file ${name}`, bytes: readFileSync(file) }]
          : []),
      ];
    });

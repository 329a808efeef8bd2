import type { ResourceOperation } from '../../model/derive/operations.ts';
import type { Interaction } from '../../model/vocabulary.ts';
import type { ChartPorts } from '../ports/chart-ports.ts';
import { create } from './create.ts';
import { read } from './read.ts';
import type { Run } from './run.ts';
import { search } from './search.ts';
import { update } from './update.ts';

/** How each interaction with a resource runs; what `fetch` gives is for the same run's `complete` only. */
export const resourceRuns = { create, read, update, search } as unknown as {
  readonly [I in Interaction]: Run<ChartPorts, unknown, ResourceOperation>;
};

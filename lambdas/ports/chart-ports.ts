import { branchesOf } from '../../model/derive/grants.ts';
import type { Capability, Compartment } from '../../model/vocabulary.ts';
import { compartments } from '../../model/vocabulary.ts';
import type { KeyRing } from './key-ring.ts';
import { keyRing } from './key-ring.ts';
import type { RecordStore, RecordStoreOptions } from './record-store.ts';
import { recordStore } from './record-store.ts';

/** What operations on a chart use. */
export interface ChartPorts {
  readonly records: RecordStore;
  readonly keyRing: KeyRing;
}

/** The names of a chart's tables and key, from a function's environment. */
export interface ChartEnvironment {
  readonly RECORDS_TABLE: string;
  readonly KEYRING_TABLE: string;
  readonly FIELD_KEY_ARN: string;
}

/** The key spaces that a capability's function may use: those of its resources, and the one that authenticates items. */
export const compartmentsOfCapability = (capability: Capability): readonly Compartment[] => {
  const opened = branchesOf(capability);
  return compartments.filter((compartment) => opened.includes(compartment));
};

/** The ports of a function that works on charts. */
export const chartPorts = (
  environment: ChartEnvironment,
  {
    clientsFor,
    auditPut,
    capability,
  }: Pick<RecordStoreOptions, 'clientsFor' | 'auditPut'> & { readonly capability: Capability },
): ChartPorts => ({
  records: recordStore({
    clientsFor,
    auditPut,
    recordsTable: environment.RECORDS_TABLE,
    keyringTable: environment.KEYRING_TABLE,
  }),
  keyRing: keyRing({
    clientsFor,
    keyringTable: environment.KEYRING_TABLE,
    fieldKeyArn: environment.FIELD_KEY_ARN,
    compartments: compartmentsOfCapability(capability),
  }),
});

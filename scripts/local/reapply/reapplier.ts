/** How to reach the services of the emulator. */
export interface ServiceConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A resource whose settings are put again: its physical id and its resolved properties. */
export interface Target {
  readonly id: string;
  /** The template's properties without intrinsic functions; resolved when first read. */
  readonly property: <T>(name: string) => T | undefined;
}

/**
 * Puts again, by the service's own API, the properties of one resource that the emulator's CloudFormation leaves out.
 * @returns the names of the properties that it put
 */
export type Reapplier = (target: Target, config: ServiceConfig) => Promise<readonly string[]>;

/**
 * Fails when a setting that was put did not stay, so that nothing is dropped in silence.
 * @throws Error naming the setting
 */
export function assertKept(kept: boolean, setting: string, id: string): void {
  if (!kept) throw new Error(`the emulator did not keep ${setting} of ${id}`);
}

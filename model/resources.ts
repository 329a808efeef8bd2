import type { AnyResource } from './define/define-resource.ts';
import * as declared from './resources/index.ts';

/** Every resource of the platform, in the order of their names; a new one is its file and one line in `resources/index.ts`. */
export const resources: readonly AnyResource[] = Object.values(declared);

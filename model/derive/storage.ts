import type { AnyResource } from '../define/define-resource.ts';
import type { ContentCompartment } from '../vocabulary.ts';
import { contentCompartments } from '../vocabulary.ts';

/**
 * The key space under which a field is sealed; nothing when it is stored in plain text, authenticated.
 * @throws TypeError when the resource has no such field.
 */
export const compartmentOf = (resource: AnyResource, name: string): ContentCompartment | undefined => {
  const options = resource.fields[name]?.options;
  if (options === undefined) throw new TypeError(`${resource.name} has no such field`);
  if (options.classification === 'internal') return undefined;
  return options.classification === 'restricted'
    ? 'restricted'
    : (options.compartment ?? resource.compartment);
};

const namesOf = (resource: AnyResource): string[] => Object.keys(resource.fields);

/** The fields that are sealed, each on its own. */
export const sealedFields = (resource: AnyResource): readonly string[] =>
  namesOf(resource).filter((name) => compartmentOf(resource, name) !== undefined);

/** The fields that are stored in plain text, under the item's authentication. */
export const plainFields = (resource: AnyResource): readonly string[] =>
  namesOf(resource).filter((name) => compartmentOf(resource, name) === undefined);

/** The key spaces that a resource's sealed fields use, in the vocabulary's order. */
export const compartmentsOf = (resource: AnyResource): readonly ContentCompartment[] =>
  contentCompartments.filter((compartment) =>
    namesOf(resource).some((name) => compartmentOf(resource, name) === compartment),
  );

/** One search parameter of a blind index. */
export interface IndexParameter {
  readonly name: string;
  /** The path of the value from the record or, with `each`, from the element. */
  readonly path: string;
  readonly canonical: 'text' | 'digits';
}

/** How one blind index is kept. */
export interface IndexPlan {
  /** `<Resource>.<index>`, as it stands in the entry's key. */
  readonly id: string;
  readonly name: string;
  /** The array field, each of whose elements is indexed; absent when the record itself is. */
  readonly each?: string;
  /** In the order of their names: together they are the key. */
  readonly parameters: readonly IndexParameter[];
  /** The record's fields that the index reads. */
  readonly fields: readonly string[];
}

/** The blind indexes of a resource. */
export const indexPlans = (resource: AnyResource): readonly IndexPlan[] =>
  Object.entries(resource.indexes ?? {}).map(([name, { each, by }]) => {
    const parameters = Object.entries(by)
      .map(([parameter, component]) => ({ name: parameter, ...component }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const fields = each
      ? [each]
      : [...new Set(parameters.map(({ path }) => path.split('.', 1)[0] as string))];
    return { id: `${resource.name}.${name}`, name, ...(each && { each }), parameters, fields };
  });

/** The blind index whose parameters are exactly these, in any order. */
export const indexFor = (resource: AnyResource, parameters: readonly string[]): IndexPlan | undefined => {
  const wanted = [...parameters].sort().join();
  return indexPlans(resource).find((plan) => plan.parameters.map(({ name }) => name).join() === wanted);
};

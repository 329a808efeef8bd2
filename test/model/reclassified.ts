import type { AnyResource } from '../../model/define/define-resource.ts';
import type { Classification } from '../../model/vocabulary.ts';

/** A copy of a resource in which one field has another classification. */
export const reclassified = (
  resource: AnyResource,
  name: string,
  classification: Classification,
): AnyResource => {
  const field = resource.fields[name];
  if (field === undefined) throw new TypeError(`${resource.name} has no field ${name}`);
  return {
    ...resource,
    fields: {
      ...resource.fields,
      [name]: { ...field, options: { ...field.options, classification } },
    },
  };
};

import { classifications, contentCompartments, usualPurpose } from '../vocabulary.ts';
import type { AnyPermission, AnyResource } from './define-resource.ts';
import type { Schema } from './field.ts';
import { elementOf, schemaAt } from './schema-at.ts';

type Finding = string | false | undefined;
type Check = (resource: AnyResource) => readonly Finding[];

const unique = (values: readonly string[]): boolean => new Set(values).size === values.length;
const namesOf = (resource: AnyResource): string[] => Object.keys(resource.fields);
const optionsOf = (resource: AnyResource, name: string) =>
  Object.hasOwn(resource.fields, name) ? resource.fields[name]?.options : undefined;
/** What a list of fields names wrongly, each as the end of a sentence. */
const misnamed = (resource: AnyResource, list: readonly string[] | '*' | undefined): string[] => {
  if (list === undefined || list === '*') return [];
  const declared = namesOf(resource);
  return [
    ...list
      .filter((name) => !declared.includes(name))
      .map((name) => `'${name}', which is not a declared field`),
    ...list.filter((name, position) => list.indexOf(name) < position).map((name) => `'${name}' twice`),
  ];
};

const naming: Check = (resource) => [
  !/^[A-Z][A-Za-z]{0,39}$/.test(resource.name) && 'the name must be UpperCamelCase letters, 40 at most',
  !/^\/[a-z]+(-[a-z]+)*$/.test(resource.path) && 'the path must be one segment of lower-case words',
  ...namesOf(resource).map(
    (name) => !/^[a-z][A-Za-z0-9]{0,39}$/.test(name) && `field '${name}' must be lowerCamelCase, 40 at most`,
  ),
];

const fields: Check = (resource) =>
  Object.entries(resource.fields).flatMap(([name, { options }]) => [
    !classifications.includes(options.classification) &&
      `field '${name}' has no known classification: it needs one of ${classifications.join(', ')}`,
    options.compartment !== undefined &&
      !contentCompartments.includes(options.compartment) &&
      `field '${name}' has an unknown compartment`,
  ]);

const structure: Check = (resource) => {
  const patient = optionsOf(resource, 'patient');
  return [
    ...misnamed(resource, resource.summary).map((mistake) => `the summary names ${mistake}`),
    !resource.summary.includes('id') && 'the summary must name id',
    !contentCompartments.includes(resource.compartment) && 'the compartment is unknown',
    resource.subject === 'patient' &&
      (patient?.classification !== 'internal' || patient.setBy !== 'creator') &&
      'the field patient must be the patientReference',
    ...[resource.relationship?.member, resource.relationship?.period]
      .filter((name) => name !== undefined)
      .map(
        (name) =>
          optionsOf(resource, name)?.classification !== 'internal' &&
          `the relationship's field '${name}' must be declared and internal`,
      ),
  ];
};

const cellsOf = ({ interactions, purposes }: AnyPermission): string[] =>
  interactions.flatMap((interaction) => purposes.map((purpose) => `${interaction} for ${purpose}`));

const neededToCreate = (resource: AnyResource): string[] =>
  Object.entries(resource.fields)
    .filter(([, { options }]) => options.setBy !== 'server' && options.presence !== 'optional')
    .map(([name]) => name);

const permission =
  (resource: AnyResource, role: string) =>
  ({ interactions, reach, discloses, writes }: AnyPermission): readonly Finding[] => {
    const changes = interactions.includes('create') || interactions.includes('update');
    const isRestricted = (name: string): boolean =>
      optionsOf(resource, name)?.classification === 'restricted';
    return [
      ...misnamed(resource, discloses).map((mistake) => `${role} is disclosed ${mistake}`),
      ...misnamed(resource, writes).map((mistake) => `${role} writes ${mistake}`),
      changes !== (writes !== undefined) && `${role} needs writes with, and only with, create or update`,
      (discloses === '*' || writes === '*') &&
        namesOf(resource).some(isRestricted) &&
        `${role} is permitted restricted fields by '*'`,
      interactions.includes('create') &&
        writes !== '*' &&
        !neededToCreate(resource).every((name) => writes?.includes(name)) &&
        `${role} may create but not set every required field`,
      (reach === 'self') !== (role === 'patient') && `${role} cannot have the reach '${reach}'`,
    ];
  };

const permissions: Check = (resource) =>
  Object.entries(resource.permissions).flatMap(([role, permitted]) => [
    !Object.hasOwn(usualPurpose, role) && `the role ${role} never reaches a resource`,
    !unique(permitted.flatMap(cellsOf)) && `${role} has two permissions for one interaction and purpose`,
    ...permitted.flatMap(permission(resource, role)),
  ]);

const indexes: Check = (resource) => {
  const record: Schema = {
    properties: Object.fromEntries(
      Object.entries(resource.fields).map(([name, { schema }]) => [name, schema]),
    ),
  };
  const declared = Object.entries(resource.indexes ?? {});
  const parameterSets = [
    ...(resource.subject === 'patient' ? ['patient'] : []),
    ...declared.map(([, { by }]) => Object.keys(by).sort().join()),
  ];
  return [
    !unique(parameterSets) && 'two ways to search have the same parameters',
    ...declared.flatMap(([name, { each, by }]) => [
      Object.keys(by).length === 0 && `index '${name}' has no parameter`,
      ...Object.values(by).map(({ path }) => {
        const source = each === undefined ? record : elementOf(schemaAt(record, [each]));
        const value = source && schemaAt(source, path.split('.'));
        return value?.type !== 'string' && `index '${name}' names no declared text at '${path}'`;
      }),
    ]),
  ];
};

/** A joining record has the member, the period and the patient from the request, and every other field from here. */
const joins: Check = (resource) =>
  Object.entries(resource.relationship?.joins ?? {}).map(([role, given]) => {
    const fromRequest = ['patient', resource.relationship?.member, resource.relationship?.period];
    const names = Object.keys(given);
    const sound =
      misnamed(resource, names).length === 0 &&
      !names.some((name) => name === 'id' || fromRequest.includes(name)) &&
      neededToCreate(resource).every((name) => names.includes(name) || fromRequest.includes(name));
    return !sound && `${role} joins with other fields than the relationship leaves open`;
  });

const search: Check = (resource) => {
  const searched = Object.values(resource.permissions).some((permitted) =>
    permitted.some(({ interactions }) => interactions.includes('search')),
  );
  return [
    searched &&
      resource.subject !== 'patient' &&
      Object.keys(resource.indexes ?? {}).length === 0 &&
      'search is permitted, but there is no index',
  ];
};

/** What contradicts itself in a declaration, as sentences. */
export const mistakesIn = (resource: AnyResource): readonly string[] =>
  [naming, fields, structure, permissions, indexes, joins, search]
    .flatMap((check) => check(resource))
    .filter((finding): finding is string => typeof finding === 'string');

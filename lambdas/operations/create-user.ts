import type { Role } from '../../model/vocabulary.ts';
import { ApiError } from '../domain/api-error.ts';
import { grantOf } from '../domain/directory-entry.ts';
import { isCurrentTraining } from '../domain/training.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { addPerson } from './add-person.ts';
import type { Run } from './run.ts';

interface NewUser {
  readonly email: string;
  readonly role: Role;
  readonly patient?: string;
  readonly trainedOn?: string;
}

/**
 * Creates a person of the caller's tenant. Whether a patient record exists cannot be checked here, because this function has
 * no access to records: a patient's user of an unknown id reaches nothing, and never another tenant's.
 */
export const createUser: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { principal, facts, now } = request;
    if (principal === undefined) throw new ApiError('unauthenticated');
    const { email, role, patient, trainedOn } = request.body as NewUser;
    const { tenant, subject: by } = principal;
    Object.assign(facts, { resource: 'Principal', patient });
    if (trainedOn !== undefined && !isCurrentTraining(trainedOn, now))
      throw new ApiError('training-required');
    facts.grant = { after: grantOf({ role, status: 'active' }) };
    const { subject, temporaryPassword } = await addPerson(
      email.toLowerCase(),
      async (id) => {
        facts.resourceId = id;
        const audited = request.auditInTransaction(201);
        const done = await ports.directory.commit([
          ...ports.directory.principalPuts(
            {
              subject: id,
              tenant,
              role,
              roleVersion: 1,
              status: 'active',
              ...(patient !== undefined && { patient }),
              ...(trainedOn !== undefined && { trainedOn }),
            },
            { at: now, by },
          ),
          ports.directory.principalCheck({ ...principal, status: 'active' }, now),
          { Put: ports.auditPut(audited.entry) },
        ]);
        if (done) audited.committed();
        return done;
      },
      (person) =>
        person.tenant === tenant && person.createdBy === by && person.createdAt === now.toISOString(),
      ports,
    );
    return { status: 201, body: { id: subject, temporaryPassword } };
  },
};

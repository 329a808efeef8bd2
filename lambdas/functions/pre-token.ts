import { issueToken } from '../operations/issue-token.ts';
import { ownDynamodb } from '../ports/aws-clients.ts';
import { directory } from '../ports/directory.ts';
import { environmentOf } from '../ports/environment.ts';

const environment = environmentOf(process.env, ['ADMINISTRATIVE_FACTOR', 'DIRECTORY_TABLE']);

/** Cognito's trigger before each token. */
export const handler = issueToken({
  directory: directory({
    table: environment.DIRECTORY_TABLE,
    dynamodb: ownDynamodb(),
  }),
  administrativeFactor: environment.ADMINISTRATIVE_FACTOR,
});

import {
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminGetUserCommand,
  AdminSetUserPasswordCommand,
  type CognitoIdentityProviderClient,
  UserNotFoundException,
  UsernameExistsException,
} from '@aws-sdk/client-cognito-identity-provider';

/** A person's account in the user pool. */
export interface Account {
  readonly subject: string;
  /** Whether the account was there before. */
  readonly existed: boolean;
}

/** The accounts of the Cognito user pool: who someone is. What they may do is the directory's. */
export interface Accounts {
  readonly subjectOf: (username: string) => Promise<string>;
  /** The subject of an account, if there is one. */
  readonly find: (username: string) => Promise<string | undefined>;
  /** Creates an account, or finds the one that has this e-mail address. */
  readonly create: (email: string, temporaryPassword: string) => Promise<Account>;
  readonly setTemporaryPassword: (subject: string, temporaryPassword: string) => Promise<void>;
  readonly remove: (subject: string) => Promise<void>;
}

/** The accounts of one user pool. */
export const accounts = ({
  pool,
  cognito,
}: {
  readonly pool: string;
  readonly cognito: CognitoIdentityProviderClient;
}): Accounts => {
  const subjectOf = async (username: string): Promise<string> => {
    const { UserAttributes } = await cognito.send(
      new AdminGetUserCommand({ UserPoolId: pool, Username: username }),
    );
    const subject = UserAttributes?.find(({ Name }) => Name === 'sub')?.Value;
    if (subject === undefined) throw new Error('the account has no subject');
    return subject;
  };

  return {
    subjectOf,
    find: async (username) => {
      try {
        return await subjectOf(username);
      } catch (error) {
        if (error instanceof UserNotFoundException) return undefined;
        throw error;
      }
    },
    create: async (email, temporaryPassword) => {
      try {
        const { User } = await cognito.send(
          new AdminCreateUserCommand({
            UserPoolId: pool,
            Username: email,
            TemporaryPassword: temporaryPassword,
            MessageAction: 'SUPPRESS',
            UserAttributes: [
              { Name: 'email', Value: email },
              { Name: 'email_verified', Value: 'true' },
            ],
          }),
        );
        const subject = User?.Attributes?.find(({ Name }) => Name === 'sub')?.Value;
        if (subject === undefined) throw new Error('the account has no subject');
        return { subject, existed: false };
      } catch (error) {
        if (!(error instanceof UsernameExistsException)) throw error;
        return { subject: await subjectOf(email), existed: true };
      }
    },
    setTemporaryPassword: async (subject, temporaryPassword) => {
      await cognito.send(
        new AdminSetUserPasswordCommand({
          UserPoolId: pool,
          Username: subject,
          Password: temporaryPassword,
          Permanent: false,
        }),
      );
    },
    remove: async (subject) => {
      await cognito.send(new AdminDeleteUserCommand({ UserPoolId: pool, Username: subject }));
    },
  };
};

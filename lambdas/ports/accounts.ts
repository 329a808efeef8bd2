import {
  AdminCreateUserCommand,
  AdminDeleteSoftwareTokenCommand,
  AdminDeleteUserCommand,
  AdminDisableUserCommand,
  AdminEnableUserCommand,
  AdminGetUserCommand,
  AdminSetUserPasswordCommand,
  AdminUserGlobalSignOutCommand,
  type CognitoIdentityProviderClient,
  ResourceNotFoundException,
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
  /** Revokes every refresh token of an account. */
  readonly signOut: (subject: string) => Promise<void>;
  /** An account's e-mail address; nothing when there is no such account. */
  readonly emailOf: (subject: string) => Promise<string | undefined>;
  /** Lets nobody sign in any more, and revokes every refresh token. */
  readonly disable: (subject: string) => Promise<void>;
  readonly enable: (subject: string) => Promise<void>;
  /** Forgets the TOTP device, so that the next sign-in enrols another one. */
  readonly removeTotp: (subject: string) => Promise<void>;
  /** Deletes an account, if it is there. */
  readonly remove: (subject: string) => Promise<void>;
}

type ServiceError = typeof ResourceNotFoundException | typeof UserNotFoundException;

/** What a call gives; nothing when the service answers this error. */
const unless = async <T>(expected: ServiceError, call: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await call();
  } catch (error) {
    if (error instanceof expected) return undefined;
    throw error;
  }
};

/** The accounts of one user pool. */
export const accounts = ({
  pool,
  cognito,
}: {
  readonly pool: string;
  readonly cognito: CognitoIdentityProviderClient;
}): Accounts => {
  const named = (username: string) => ({ UserPoolId: pool, Username: username });
  const attributeOf = async (username: string, attribute: string): Promise<string | undefined> => {
    const { UserAttributes } = await cognito.send(new AdminGetUserCommand(named(username)));
    return UserAttributes?.find(({ Name }) => Name === attribute)?.Value;
  };
  const subjectOf = async (username: string): Promise<string> => {
    const subject = await attributeOf(username, 'sub');
    if (subject === undefined) throw new Error('the account has no subject');
    return subject;
  };

  return {
    subjectOf,
    find: (username) => unless(UserNotFoundException, () => subjectOf(username)),
    emailOf: (subject) => unless(UserNotFoundException, () => attributeOf(subject, 'email')),
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
    signOut: async (subject) => {
      await cognito.send(new AdminUserGlobalSignOutCommand({ UserPoolId: pool, Username: subject }));
    },
    disable: async (subject) => {
      await cognito.send(new AdminDisableUserCommand(named(subject)));
    },
    enable: async (subject) => {
      await cognito.send(new AdminEnableUserCommand(named(subject)));
    },
    removeTotp: async (subject) => {
      await unless(ResourceNotFoundException, () =>
        cognito.send(new AdminDeleteSoftwareTokenCommand(named(subject))),
      );
    },
    remove: async (subject) => {
      await unless(UserNotFoundException, () => cognito.send(new AdminDeleteUserCommand(named(subject))));
    },
  };
};

import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';

const requestHandler = { connectionTimeout: 1000, requestTimeout: 3000 };

/** DynamoDB with the function's own credentials. */
export const ownDynamodb = (): DynamoDBClient => new DynamoDBClient({ requestHandler });
/** KMS with the function's own credentials. */
export const ownKms = (): KMSClient => new KMSClient({ requestHandler });
/** Cognito with the function's own credentials. */
export const ownCognito = (): CognitoIdentityProviderClient =>
  new CognitoIdentityProviderClient({ requestHandler: { ...requestHandler, requestTimeout: 5000 } });

import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';

/** When a call is given up, in milliseconds; without `throwOnRequestTimeout` the SDK only warns and waits on. */
export const callTimeouts = { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true };

/** DynamoDB with the function's own credentials. */
export const ownDynamodb = (): DynamoDBClient => new DynamoDBClient({ requestHandler: callTimeouts });
/** KMS with the function's own credentials. */
export const ownKms = (): KMSClient => new KMSClient({ requestHandler: callTimeouts });
/** Cognito with the function's own credentials; it waits for a trigger, which has five seconds of its own. */
export const ownCognito = (): CognitoIdentityProviderClient =>
  new CognitoIdentityProviderClient({ requestHandler: { ...callTimeouts, requestTimeout: 10_000 } });

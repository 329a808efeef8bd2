/** Resource types that the local emulator's CloudFormation refuses; stage `local` goes without them. */
export const omittedTypes: readonly string[] = [
  'AWS::WAFv2::LoggingConfiguration',
  'AWS::WAFv2::WebACLAssociation',
];

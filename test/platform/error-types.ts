/**
 * What the compiler refuses of a DomainError. Nothing here runs: `npm run check` fails where an error that is expected does
 * not come, and so where a misspelt code would compile.
 */
import { DomainError, type ErrorCode } from '../../src/platform/errors.ts';

export function refusedByTheCompiler(caught: unknown): ErrorCode | undefined {
  // @ts-expect-error a code that no feature declares
  new DomainError('expired', 'INVITATION_EXPIERD');
  // @ts-expect-error another kind than the feature declares
  new DomainError('invalid', 'INVITATION_EXPIRED');
  // @ts-expect-error a param that the feature does not declare
  new DomainError('invalid', 'EMAIL_INVALID', { adress: 'email' });
  // @ts-expect-error a param of a code that has none
  new DomainError('expired', 'INVITATION_EXPIRED', { field: 'email' });
  // @ts-expect-error a bug is no DomainError
  new DomainError('internal', 'INTERNAL');
  // @ts-expect-error what is caught has one of the declared codes
  if (caught instanceof DomainError && caught.code === 'INVITATION_EXPIERD') return undefined;
  return caught instanceof DomainError && caught.code === 'INVITATION_EXPIRED' ? caught.code : undefined;
}

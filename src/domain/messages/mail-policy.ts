/**
 * Which email addresses mail can go to from this server. Refuses by what an address is, never by whose it is: anybody may
 * be told.
 */
import { DomainError } from '../../platform/errors.ts';

/** What is known of the mail server. */
export interface MailReach {
  /**
   * Whether it takes addresses beyond ASCII. Undefined: it can't be asked now, and the delivery will tell. Absent where
   * nothing is sent from the process itself (the command line).
   */
  takesUnicodeMail?: () => Promise<boolean | undefined>;
}

/**
 * Refuses an address that no mail would reach: at a name that is no domain of the Internet (`ada@intranet`), or in letters
 * that the mail server does not take. May ask that server, so it is never called in a transaction.
 * @param email canonical: beyond ASCII before its @ alone
 * @throws DomainError invalid EMAIL_INVALID, EMAIL_NOT_SUPPORTED
 */
export async function checkMailAddress(email: string, { takesUnicodeMail }: MailReach): Promise<void> {
  const domain = email.slice(email.lastIndexOf('@') + 1);
  if (!domain.includes('.')) throw new DomainError('invalid', 'EMAIL_INVALID', { field: 'email' });
  if (/[^\0-\x7f]/.test(email) && (await takesUnicodeMail?.()) === false)
    throw new DomainError('invalid', 'EMAIL_NOT_SUPPORTED', { field: 'email' });
}

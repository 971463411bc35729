/**
 * Whether an invited person could sign in after accepting. Owns that accepting shuts nobody out: no account is made that
 * nothing leads to, and nobody loses what they have where nothing leads back. An invitation that is refused here waits, and
 * counts again once the tenant or the server has a way.
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { availableChannels } from '../messages/available-channels.ts';
import { kindOf } from '../messages/outgoing-message.ts';
import { offeredProviders } from '../methods/federation/identity-providers.ts';
import { allowsPasswords, passwordChoice } from '../methods/password/password-method.ts';
import type { Provable, SignInServer } from '../sign-in/method.ts';
import { findProvable, waysIn } from '../sign-in/ways-in.ts';
import type { TenantSettings } from '../tenants/tenant-settings.ts';
import type { AddressKind } from '../users/verified-address.ts';

/** The address that accepting proves, and where. */
export interface InvitedAddress {
  tenantId: string;
  settings: TenantSettings;
  kind: AddressKind;
  /** In canonical form. */
  address: string;
}

function addressAlone({ kind, address }: InvitedAddress): Provable {
  return { addresses: [{ kind, address }], credentials: [] };
}

/** Whether somebody who has proved the address and has nothing else could sign in. */
async function canComeBack(db: Database, invited: InvitedAddress, server: SignInServer): Promise<boolean> {
  const { tenantId, settings, kind } = invited;
  if (waysIn(settings, server, addressAlone(invited)).length > 0) return true;
  // An account elsewhere can still be linked by its email address.
  return kind === 'email' && (await offeredProviders(db, { id: tenantId, settings })).length > 0;
}

/**
 * Whether a new person chooses a password; they must where nothing else would let them in again.
 * @throws DomainError not_found INVITATION_INVALID where nothing would at all
 */
export async function newcomersPassword(
  db: Database,
  invited: InvitedAddress,
  server: SignInServer,
): Promise<'required' | 'optional' | 'none'> {
  const choice = passwordChoice(invited.settings, server, addressAlone(invited));
  if (choice === 'none' && !(await canComeBack(db, invited, server))) throw invalid();
  return choice;
}

/**
 * Asks whether a person who is there already could come back. The first proof of the address takes what they have; by it alone
 * they need a way to sign in, or a recovery link that reaches it.
 * @throws DomainError not_found INVITATION_INVALID where neither is there
 */
export async function checkWayBack(
  db: Database,
  invited: InvitedAddress,
  user: { id: string; emailVerified: boolean; phoneVerified: boolean },
  server: SignInServer,
): Promise<void> {
  const { tenantId, settings, kind } = invited;
  if (kind === 'email' ? user.emailVerified : user.phoneVerified) return;
  const { credentials } = await findProvable(db, { tenantId, userId: user.id }, server.methods);
  if (credentials.length === 0 || (await canComeBack(db, invited, server))) return;
  const channels = availableChannels(server.channels, settings, server.phoneCountries);
  if (allowsPasswords(settings) && channels.some((channel) => kindOf(channel) === kind)) return;
  throw invalid();
}

function invalid(): DomainError {
  return new DomainError('not_found', 'INVITATION_INVALID');
}

/** By which ways a code that is sent counts as a person's second factor here. */
import { factorChannels } from '../../domain/factors/sent-code.ts';
import type { Channel } from '../../domain/messages/outgoing-message.ts';
import { holdsFactor } from '../../domain/methods/second-factors.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import type { AddressKind } from '../../domain/users/verified-address.ts';
import type { WebDependencies } from '../interaction/context.ts';
import { messageChannels } from '../interaction/offered-channels.ts';

/** The ways by which a code counts for a person here; none for one who has something stronger. */
export async function sentCodeChannels(
  web: WebDependencies,
  account: AccountProfile,
  spent: readonly AddressKind[],
): Promise<Channel[]> {
  const channels = factorChannels(account, { spent, available: messageChannels(web, account.tenant) });
  return channels.length > 0 && (await holdsFactor(web.db, account)) ? [] : channels;
}

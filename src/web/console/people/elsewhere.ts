/**
 * What is said where nobody here has the address that was looked for: the first question of who is told that somebody cannot
 * sign in. Who runs the server is told in which other tenants it is somebody's; nobody else learns of other tenants.
 */

import { findTenantById } from '../../../domain/tenants/tenants.ts';
import { parseEmail, parsePhone } from '../../../domain/users/canonical-address.ts';
import { askList, mayAsk } from '../ask.ts';
import { hrefTo, type Visit } from '../visit.ts';
import { mayMakePeople } from './new-person.ts';

export interface NobodyModel {
  address: string;
  /** Where the address is somebody's; empty also for who may not know. */
  tenants: { name: string; href: string }[];
  /** Makes somebody with this address. */
  createHref?: string;
}

async function tenantsOf(visit: Visit, address: string): Promise<NobodyModel['tenants']> {
  const home = await findTenantById(visit.management.db, visit.operator.person.profile.tenantId);
  if (!home?.isPlatform) return [];
  const asker = { ...visit, tenant: home };
  if (!(await mayAsk(asker, 'tenants.list', { query: { address } }))) return [];
  const { items } = await askList<{ id: string; slug: string; name: string }>(asker, 'tenants.list', {
    query: { address, limit: 20 },
  });
  return items
    .filter(({ id }) => id !== visit.tenant.id)
    .map((tenant) => ({
      name: tenant.name,
      href: hrefTo({ tenant: { ...home, ...tenant }, at: undefined }, '/people', { q: address }),
    }));
}

/** @param text that was looked for; undefined where it is no whole address */
export async function nobodyOf(visit: Visit, text: string): Promise<NobodyModel | undefined> {
  const email = parseEmail(text);
  const address = email ?? parsePhone(text);
  if (address === undefined) return undefined;
  const member = email === undefined ? 'phone' : 'email';
  return {
    address,
    tenants: await tenantsOf(visit, address),
    createHref: (await mayMakePeople(visit)) ? hrefTo(visit, '/people/new', { [member]: address }) : undefined,
  };
}

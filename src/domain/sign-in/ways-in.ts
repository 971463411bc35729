/**
 * Which ways to sign in somebody has. The one author of that: sign-in page, sign-up, invitation and unlinking ask here, so
 * that nobody is let in who could not come back, and nobody shut out. A way counts where the tenant allows it and this
 * server can do it; what only one of the two has is none.
 */
import type { Database } from '../../platform/database.ts';
import type { TenantSettings } from '../tenants/tenant-settings.ts';
import { findUser, type UserOfTenant } from '../users/users.ts';
import type { Provable, SignInMethod, SignInServer, Way } from './method.ts';

/** What a sign-in page offers to everybody who comes. @param settings null where the tenant is not known yet */
export function offeredWays(settings: TenantSettings | null, server: SignInServer): Way[] {
  return server.methods.flatMap((method) => method.offers(settings, server));
}

/** The ways by which somebody could sign in now. None: they are shut out. */
export function waysIn(settings: TenantSettings, server: SignInServer, person: Provable): Way[] {
  return server.methods.flatMap((method) =>
    method.offers(settings, server).filter((way) => method.opens(way, person, { settings, server })),
  );
}

/** What a user can prove: their verified addresses, and what each method holds of them. */
export async function findProvable(
  db: Database,
  { tenantId, userId }: UserOfTenant,
  methods: readonly SignInMethod[],
): Promise<Provable> {
  const user = await findUser(db, { tenantId, userId });
  if (!user) return { addresses: [], credentials: [] };
  const { email, emailVerifiedAt, phone, phoneVerifiedAt } = user;
  const credentials = [];
  for (const method of methods) credentials.push(...(await method.credentialsOf(db, { tenantId, userId })));
  return {
    addresses: [
      ...(email !== null && emailVerifiedAt ? [{ kind: 'email' as const, address: email }] : []),
      ...(phone !== null && phoneVerifiedAt ? [{ kind: 'phone' as const, address: phone }] : []),
    ],
    credentials,
  };
}

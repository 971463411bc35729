/**
 * Why somebody can or cannot sign in: every way in that there is for their tenant, and each rule and limit on it with its answer.
 * Owns no rule: each method answers by those that it signs people in by. Counts nothing and sends nothing. What depends on the
 * browser or the network that they come from is not known here: limits by IP address, and that a browser of their own is not
 * held up by what strangers counted.
 */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { findPerson } from '../sign-in/candidates.ts';
import type { ExplainedWay, Explaining } from '../sign-in/method.ts';
import { type Check, waitCheck } from '../sign-in/rules.ts';
import { findHeldUp } from '../sign-in/sign-in-failures.ts';
import { parseTenantSettings } from '../tenants/tenant-settings.ts';
import { findUser, type UserOfTenant } from '../users/users.ts';
import { offeredProviders } from './federation/identity-providers.ts';
import { signInMethods } from './methods.ts';

export interface SignInChecks {
  /** By at least one way, as things stand. */
  canSignIn: boolean;
  /** Of every way. */
  checks: Check[];
  ways: (ExplainedWay & { open: boolean })[];
}

/** Undefined for nobody. */
export async function explainSignIn(
  db: Database,
  { tenantId, userId }: UserOfTenant,
  { secrets, budgets, ...server }: Pick<Explaining, 'secrets' | 'budgets'> & Omit<Explaining['server'], 'methods'>,
): Promise<SignInChecks | undefined> {
  if (!isId(tenantId) || !isId(userId)) return undefined;
  const person = await findPerson(db, { tenantId, userId });
  const user = await findUser(db, { tenantId, userId });
  if (!person || !user) return undefined;
  const settings = parseTenantSettings(person.tenantSettings);
  const providers = await offeredProviders(db, { id: tenantId, settings });
  const at = { settings, server: { ...server, methods: signInMethods, providers }, secrets, budgets };
  const ways: SignInChecks['ways'] = [];
  for (const method of signInMethods)
    for (const way of await method.explain(db, person, at))
      ways.push({ ...way, open: way.checks.every(({ passes }) => passes) });
  const factor = await findHeldUp(db, secrets, 'factor', { tenantId, userId, addresses: [] });
  const checks = [
    { refusal: 'second_factor_locked', passes: !factor.locked, seconds: null },
    waitCheck('second_factor_slowed', factor.seconds),
  ];
  return { canSignIn: checks.every(({ passes }) => passes) && ways.some(({ open }) => open), checks, ways };
}

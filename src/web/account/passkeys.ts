/**
 * A person's passkeys: listed, added, named and removed. Adding and removing ask for a sign-in that is not older than five
 * minutes. Refuses to remove the last way to sign in.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { offeredProviders } from '../../domain/methods/federation/identity-providers.ts';
import { addPasskey, passkeyToAdd } from '../../domain/methods/passkey/add-passkey.ts';
import { allowsPasskeys } from '../../domain/methods/passkey/passkey-rules.ts';
import {
  describePasskeys,
  type OwnPasskey,
  removePasskey,
  renamePasskey,
} from '../../domain/methods/passkey/passkeys.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import { userHandleOf } from '../../domain/webauthn/authenticator-answers.ts';
import { partyOf } from '../../domain/webauthn/relying-party.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { isShownOnForm } from '../interaction/form-refusal.ts';
import { statusOf } from '../middleware/errors.ts';
import type { FormModel } from '../pages/form-model.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { drawPage, freshForm, freshPersonOfPage, leadTo, type PostedForm } from './account-page.ts';
import type { AccountNav } from './sections.ts';
import type { SignedIn } from './signed-in.ts';

/** Of `signalAllAcceptedCredentials` and `signalCurrentUserDetails` (WebAuthn Level 3 section 5.1.10). */
interface PasskeySignal {
  rpId: string;
  userId: string;
  name: string;
  displayName: string;
  allAcceptedCredentialIds: string[];
}

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/passkeys': FormModel & {
      nav: AccountNav;
      notice?: 'added' | 'renamed' | 'removed';
      passkeys: {
        id: string;
        name: string;
        /** Whether it can leave its device, and has. */
        maySync: boolean;
        isSynced: boolean;
        addedAt: Date;
        usedAt?: Date;
        /** False where it is the only way left to sign in. */
        canRemove: boolean;
      }[];
      /** What the browser's lists of passkeys are told, so that a removed one goes from there too. */
      signal: PasskeySignal;
      /** What the browser is asked for; absent where the tenant has no passkeys. Adding posts `credential` and `name`. */
      options?: Record<string, unknown>;
      addAction: string;
      /** Posts `passkey` and `name`. */
      renameAction: string;
      /** Posts `passkey`. */
      removeAction: string;
      backHref: string;
    };
  }
}

type PasskeysModel = ViewModels['account/passkeys'];

const page = '/account/passkeys';
const notices = ['added', 'renamed', 'removed'] as const;

async function serverOf(web: WebDependencies, { profile }: SignedIn) {
  const providers = await offeredProviders(web.db, { id: profile.tenantId, settings: profile.tenant.settings });
  return { ...web, providers };
}

/** What the page of the ways to sign in shows of them. */
export async function passkeysModel(
  web: WebDependencies,
  person: SignedIn,
): Promise<{ count: number; href: string } | undefined> {
  const held = await describePasskeys(web.db, person.profile, await serverOf(web, person));
  if (held.length === 0 && !allowsPasskeys(person.profile.tenant.settings)) return undefined;
  return { count: held.length, href: page };
}

/** What a browser's list of passkeys calls the account. */
function passkeyNames({ tenant, email, phone, username, fullName }: AccountProfile) {
  const name = email ?? username ?? phone ?? tenant.name;
  return { name, displayName: fullName ?? name };
}

function signalOf(web: WebDependencies, { profile }: SignedIn, held: readonly OwnPasskey[]): PasskeySignal {
  return {
    rpId: partyOf(web.issuer).rpId,
    userId: userHandleOf(profile.userId).toString('base64url'),
    ...passkeyNames(profile),
    allAcceptedCredentialIds: held.map(({ credentialId }) => credentialId.toString('base64url')),
  };
}

/** What the browser is asked for; undefined where the tenant has no passkeys. */
async function optionsFor(web: WebDependencies, { profile, sessionUidHash }: SignedIn) {
  const { tenantId, userId, tenant } = profile;
  if (!allowsPasskeys(tenant.settings)) return undefined;
  const place = { tenantId, userId, sessionUidHash, ...passkeyNames(profile) };
  return passkeyToAdd(web.db, place, { ...web, partyName: tenant.name });
}

async function show(ctx: Context, web: WebDependencies, person: SignedIn, refused?: DomainError): Promise<void> {
  const held = await describePasskeys(web.db, person.profile, await serverOf(web, person));
  const model: Omit<PasskeysModel, 'nav'> = {
    notice: refused ? undefined : notices.find((name) => name === ctx.query.notice),
    error: refused && { code: refused.code, params: refused.params, field: 'name' },
    passkeys: held.map(({ id, name, backupEligible, backedUp, createdAt, lastUsedAt, canRemove }) => ({
      id,
      name,
      maySync: backupEligible,
      isSynced: backedUp,
      addedAt: createdAt,
      usedAt: lastUsedAt ?? undefined,
      canRemove,
    })),
    signal: signalOf(web, person, held),
    options: await optionsFor(web, person),
    addAction: page,
    renameAction: `${page}/rename`,
    removeAction: `${page}/remove`,
    backHref: '/account/security',
  };
  const status = refused && statusOf(refused);
  drawPage(ctx, web, person, { section: 'security', view: 'account/passkeys', status }, model);
}

/** A form of the page: does what it asks for, or shows why not. */
async function change(
  ctx: Context,
  web: WebDependencies,
  notice: (typeof notices)[number],
  work: (posted: PostedForm) => Promise<unknown>,
): Promise<void> {
  const posted = await freshForm(ctx, web, page);
  if (!posted) return;
  try {
    await work(posted);
  } catch (error) {
    const isShown = error instanceof DomainError && (error.kind === 'conflict' || isShownOnForm(error));
    if (!isShown) throw error;
    return show(ctx, web, posted.person, error);
  }
  leadTo(ctx, `${page}?notice=${notice}`);
}

/** Mounts `/passkeys` on the router of the account pages. */
export function mountPasskeys(router: Router, web: WebDependencies): void {
  router.get('/passkeys', async (ctx) => {
    const person = await freshPersonOfPage(ctx, web);
    if (person) await show(ctx, web, person);
  });
  router.post('/passkeys', (ctx) =>
    change(ctx, web, 'added', async ({ form, person: { profile, sessionUidHash } }) => {
      const { tenantId, userId } = profile;
      const made = { answer: form.credential ?? '', name: form.name ?? '' };
      const caller = callerOf(ctx, userId);
      await addPasskey(web.db, { tenantId, userId, sessionUidHash, ...made }, { ...web, caller });
    }),
  );
  router.post('/passkeys/rename', (ctx) =>
    change(ctx, web, 'renamed', async ({ form, person: { profile } }) => {
      const { tenantId, userId } = profile;
      const renamed = { tenantId, userId, id: form.passkey ?? '', name: form.name ?? '' };
      await renamePasskey(web.db, renamed, callerOf(ctx, userId));
    }),
  );
  router.post('/passkeys/remove', (ctx) =>
    change(ctx, web, 'removed', async ({ form, person }) => {
      const { tenantId, userId } = person.profile;
      const server = { ...(await serverOf(web, person)), caller: callerOf(ctx, userId) };
      const removed = { tenantId, userId, id: form.passkey ?? '', lastWay: false, endSessions: false };
      await removePasskey(web.db, removed, server);
    }),
  );
}

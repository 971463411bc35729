/**
 * A person's own API keys: what each is good for and until when, making another one, and ending one. A key is made by the
 * operation of management, as the person: of what they hold, where they may make keys (docs/decisions/0045). To see and to end
 * one's own asks for nothing. Making one asks for a sign-in that is not older than five minutes, and shows the key this once.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { listCapabilities } from '../../domain/access/capabilities.ts';
import { type ApiKey, findApiKey, listApiKeys, revokeApiKey } from '../../domain/api-keys/api-keys.ts';
import { findNames, withNames } from '../../domain/organisation/names.ts';
import { findTenantBySlug } from '../../domain/tenants/tenants.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import type { ManagementDependencies } from '../../management/operation.ts';
import { findHoldings } from '../../management/permission.ts';
import { ValidationError } from '../../management/validate.ts';
import { DomainError } from '../../platform/errors.ts';
import { type Asker, ask } from '../console/ask.ts';
import { actorOf } from '../console/operator.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { statusOf } from '../middleware/errors.ts';
import type { FormModel } from '../pages/form-model.ts';
import {
  type AtAccount,
  drawPage,
  freshForm,
  freshPersonOfPage,
  leadTo,
  personOfPage,
  postedForm,
} from './account-page.ts';
import type { AccountNav } from './sections.ts';

interface OwnKey {
  id: string;
  name: string;
  prefix: string;
  /** Where it counts; null: nothing is known of the place any more. */
  place: string | null;
  capabilities: string[];
  state: 'live' | 'inactive';
  expiresAt: Date;
  lastUsedAt: Date | null;
}

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/keys': {
      nav: AccountNav;
      keys: OwnKey[];
      /** Absent for who may make none. */
      createHref?: string;
      /** Takes a POST with `key`, the id of one. */
      revokeAction: string;
      notice?: 'revoked';
    };
    'account/new-key': FormModel & {
      nav: AccountNav;
      action: string;
      backHref: string;
      name: string;
      places: { value: string; name: string }[];
      place: string;
      capabilities: { key: string; description: string | null; chosen: boolean }[];
      /** Days that it lives. */
      days: string;
    };
    'account/key-made': { nav: AccountNav; name: string; key: string; backHref: string };
  }
}

const page = '/account/keys';
const newPage = '/account/keys/new';
const lifeDays = ['7', '30', '90', '365'];
const dayMs = 86_400_000;

interface AccountKeys {
  web: WebDependencies;
  management: ManagementDependencies;
}

function hasEnded({ revokedAt, expiresAt }: ApiKey): boolean {
  return revokedAt !== null || expiresAt.getTime() <= Date.now();
}

/** What the person holds, as management sees it. */
function holdingsOf(ctx: Context, { web }: AccountKeys, person: AtAccount) {
  return findHoldings({ db: web.db, tenantId: person.profile.tenantId, actor: actorOf(ctx, person) });
}

async function keysOf({ web }: AccountKeys, { tenantId, userId }: AccountProfile): Promise<OwnKey[]> {
  const { items } = await listApiKeys(web.db, { tenantId, userId, limit: 200 });
  const named = await withNames(
    web.db,
    tenantId,
    items.filter((key) => !hasEnded(key)),
  );
  return named.map(({ id, name, prefix, orgNode, capabilities, active, expiresAt, lastUsedAt }) => ({
    id,
    name,
    prefix,
    place: orgNode,
    capabilities,
    state: active ? 'live' : 'inactive',
    expiresAt,
    lastUsedAt,
  }));
}

async function show(ctx: Context, deps: AccountKeys): Promise<void> {
  const person = await personOfPage(ctx, deps.web);
  if (!person) return;
  const holdings = await holdingsOf(ctx, deps, person);
  drawPage(
    ctx,
    deps.web,
    person,
    { section: 'keys', view: 'account/keys' },
    {
      keys: await keysOf(deps, person.profile),
      createHref: holdings.nodesOf('api_keys.manage').length > 0 ? newPage : undefined,
      revokeAction: `${page}/revoke`,
      notice: ctx.query.notice === 'revoked' ? 'revoked' : undefined,
    },
  );
}

/** The form, with what was typed. */
async function drawForm(
  ctx: Context,
  deps: AccountKeys,
  person: AtAccount,
  { form = {}, refused }: { form?: Record<string, string>; refused?: DomainError } = {},
): Promise<void> {
  const { db } = deps.web;
  const { tenantId } = person.profile;
  const holdings = await holdingsOf(ctx, deps, person);
  const ids = holdings.nodesOf('api_keys.manage');
  if (ids.length === 0) throw new DomainError('forbidden', 'FORBIDDEN', { capability: 'api_keys.manage' });
  const names = await findNames(db, { tenantId, ids, withPeople: false });
  const { items } = await listCapabilities(db, { tenantId, limit: 200 });
  const held = items.filter(({ key }) => holdings.nodesOf(key).length > 0);
  const field = refused && fieldOf(refused);
  const model = {
    action: newPage,
    backHref: page,
    name: form.name ?? '',
    places: ids.map((id) => ({ value: id, name: names.get(id)?.name ?? id })),
    place: form.place ?? ids[0] ?? '',
    capabilities: held.map(({ key, description }) => ({
      key,
      description,
      chosen: form[`capability:${key}`] !== undefined,
    })),
    days: form.days ?? '30',
    error: refused && { code: field ? ('FIELD_REQUIRED' as const) : refused.code, params: refused.params, field },
  };
  const status = refused && statusOf(refused);
  drawPage(ctx, deps.web, person, { section: 'keys', view: 'account/new-key', status }, model);
}

/** What is left out; everything else of the form is a choice of ours. */
function fieldOf(error: DomainError): string | undefined {
  if (!(error instanceof ValidationError)) return undefined;
  const [fault] = error.fields;
  return ['name', 'capabilities'].find((name) => fault?.field.startsWith(`body.${name}`));
}

async function make(ctx: Context, deps: AccountKeys): Promise<void> {
  const posted = await freshForm(ctx, deps.web, newPage);
  if (!posted) return;
  const { person, form } = posted;
  const { userId } = person.profile;
  const tenant = await findTenantBySlug(deps.web.db, person.profile.tenant.slug);
  if (!tenant) throw new DomainError('not_found', 'NOT_FOUND');
  const asker: Asker = { management: deps.management, operator: { person, actor: actorOf(ctx, person) }, tenant };
  const days = lifeDays.includes(form.days ?? '') ? Number(form.days) : 30;
  const body = {
    name: (form.name ?? '').trim(),
    org_node_id: form.place,
    user_id: userId,
    capabilities: Object.keys(form).flatMap((name) => (name.startsWith('capability:') ? [name.slice(11)] : [])),
    expires_at: new Date(Date.now() + days * dayMs).toISOString(),
  };
  let made: { name: string; key: string };
  try {
    made = (await ask<{ name: string; key: string }>(asker, 'api_keys.create', { body })).body;
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
    return drawForm(ctx, deps, person, { form, refused: error });
  }
  const { name, key } = made;
  drawPage(ctx, deps.web, person, { section: 'keys', view: 'account/key-made' }, { name, key, backHref: page });
}

/** @throws DomainError not_found NOT_FOUND, also for a key of somebody else */
async function revoke(ctx: Context, { web }: AccountKeys): Promise<void> {
  const { person, form } = await postedForm(ctx, web);
  const { tenantId, userId } = person.profile;
  const reference = { tenantId, apiKeyId: form.key ?? '' };
  const key = await findApiKey(web.db, reference);
  if (key?.userId !== userId) throw new DomainError('not_found', 'NOT_FOUND');
  await revokeApiKey(web.db, reference, callerOf(ctx, userId));
  leadTo(ctx, `${page}?notice=revoked`);
}

/** Mounts `/keys` on the router of the account pages. */
export function mountKeys(router: Router, web: WebDependencies, management: ManagementDependencies): void {
  const deps = { web, management };
  router.get('/keys', (ctx) => show(ctx, deps));
  router.get('/keys/new', async (ctx) => {
    const person = await freshPersonOfPage(ctx, web);
    if (person) await drawForm(ctx, deps, person);
  });
  router.post('/keys/new', (ctx) => make(ctx, deps));
  router.post('/keys/revoke', (ctx) => revoke(ctx, deps));
}

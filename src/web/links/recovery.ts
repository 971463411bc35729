/**
 * The page behind a recovery link: a new password for an account of the address. Opening it changes nothing, so a mail
 * scanner may; the form uses the link up. Signs nobody in.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import { findRecovery, recoveryLimits, resetPassword } from '../../domain/recovery/recovery.ts';
import { findTenantById } from '../../domain/tenants/tenants.ts';
import { destinationText } from '../../domain/users/username.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { countFailures } from '../interaction/count-failures.ts';
import { refusal } from '../interaction/form-refusal.ts';
import { readForm } from '../middleware/body.ts';
import { clientSurroundings, keepSurroundings, type Surroundings } from '../pages/pages.ts';
import { clientOfLink, wayBack } from './way-back.ts';

/** What the form answers itself; a link that does not work has a page of its own. */
const shownKinds = new Set(['invalid', 'unavailable', 'rate_limited']);

/** The tenant's, where the link is for one alone, and the application's that the person came from. */
async function surroundingsOf(
  web: WebDependencies,
  tenantIds: readonly string[],
  clientId: string | null,
): Promise<Surroundings> {
  const [tenantId, another] = tenantIds;
  const tenant = tenantId !== undefined && another === undefined ? await findTenantById(web.db, tenantId) : undefined;
  const { client } = clientSurroundings(await clientOfLink(web.provider(), clientId));
  return { tenant, client };
}

export function recoveryRoutes(web: WebDependencies): Router {
  const router = new Router({ prefix: '/recovery/:token' });

  async function show(ctx: Context, chosen?: string, refused?: DomainError): Promise<void> {
    const { accounts, clientId, ...link } = await findRecovery(web.db, ctx.params.token as string);
    const destination = destinationText(link.destination);
    const tenantIds = new Set(accounts.map(({ tenantId }) => tenantId));
    const surroundings = await surroundingsOf(web, [...tenantIds], clientId);
    keepSurroundings(ctx, surroundings);
    const { error, status } = refusal(ctx, refused, ({ params }) => String(params.field ?? 'password'));
    web.pages.render(
      ctx,
      'interaction/new-password',
      {
        action: ctx.path,
        accounts: accounts.map(({ userId, tenantName, name }) => ({
          value: userId,
          tenantName,
          accountName: name ?? destination,
        })),
        destination,
        account: accounts.find(({ userId }) => userId === chosen)?.userId,
        error,
      },
      { ...surroundings, status },
    );
  }

  async function reset(ctx: Context, form: Record<string, string>): Promise<void> {
    const token = ctx.params.token as string;
    let changed: Awaited<ReturnType<typeof resetPassword>>;
    try {
      for (const field of ['account', 'password'])
        if (!form[field]?.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field });
      changed = await resetPassword(
        web.db,
        { token, userId: form.account ?? '', password: form.password ?? '', locale: ctx.state.locale ?? 'en' },
        { ...web, caller: callerOf(ctx) },
      );
    } catch (error) {
      if (!(error instanceof DomainError) || !shownKinds.has(error.kind)) throw error;
      return show(ctx, form.account, error);
    }
    const { tenantId, clientId } = changed;
    const model = await wayBack(ctx, web.provider(), clientId);
    web.pages.render(ctx, 'interaction/password-changed', model, await surroundingsOf(web, [tenantId], clientId));
  }

  router.get('/', async (ctx) => {
    await countFailures(ctx, web, recoveryLimits.recoveryLinkPerIp, () => show(ctx));
  });

  router.post('/', async (ctx) => {
    const form = await readForm(ctx);
    await countFailures(ctx, web, recoveryLimits.recoveryLinkPerIp, () => reset(ctx, form));
  });

  return router;
}

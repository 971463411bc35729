/**
 * Where identity providers send people back to: one fixed address for each, `/callback/<key>`. Owns that an answer counts
 * once, in the browser that set out, at the callback of the provider that was asked; then the answer is verified and the
 * browser goes on to what it set out for. Decides nothing about accounts.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import {
  consumeFederationRequest,
  type FederationDetails,
} from '../../domain/methods/federation/federation-requests.ts';
import { findIdentityProvider, type IdentityProvider } from '../../domain/methods/federation/identity-providers.ts';
import { recordFederationFailure } from '../../domain/methods/federation/linking.ts';
import type { VerifiedPerson } from '../../oidc/federation-client.ts';
import { DomainError } from '../../platform/errors.ts';
import { linkIdentityOf } from '../account/identities.ts';
import { callerOf, contextOf, toDispatcher, type WebDependencies } from '../interaction/context.ts';
import { readForm } from '../middleware/body.ts';
import type { ErrorModel } from '../pages/view-models.ts';
import { callbackAddress, takeBrowserToken } from './begin-federation.ts';
import { keepArrival, showFailure } from './federation-arrival.ts';
import { isProviderFailure, showProviderFailure } from './federation-failure.ts';

interface Answer {
  parameters: URLSearchParams;
  state: string;
  details: FederationDetails;
}

/** Of a posted answer; what else is in it (Apple's `user`) nobody has signed. */
const answerNames = ['code', 'state', 'iss', 'error'];

/** What a provider sends is not worth more than its length says. */
const longestQuery = 8_000;

/**
 * An answer as a form (OAuth 2.0 Form Post Response Mode), posted from the provider's page: a cookie that is SameSite=Lax does
 * not come with it, and whose browser it is cannot be told. So nothing is looked up or used here; what counts goes on as a
 * navigation, which carries the cookie and is held to all that any other answer is.
 */
async function passOn(ctx: Context, { db }: WebDependencies): Promise<void> {
  const provider = await findIdentityProvider(db, ctx.params.key as string);
  if (!provider) throw new DomainError('not_found', 'NOT_FOUND');
  if (provider.responseMode !== 'form_post') throw new DomainError('invalid', 'METHOD_NOT_ALLOWED');
  const form = await readForm(ctx, { limitBytes: longestQuery });
  const told = answerNames.flatMap((name) => (form[name] === undefined ? [] : [[name, form[name]]]));
  ctx.status = 303;
  ctx.redirect(`${ctx.path}?${new URLSearchParams(told)}`);
}

/** @throws DomainError as consumeFederationRequest */
async function takeAnswer(ctx: Context, web: WebDependencies, provider: IdentityProvider): Promise<Answer> {
  const parameters = new URLSearchParams(ctx.querystring.slice(0, longestQuery));
  const [state, another] = parameters.getAll('state');
  if (state === undefined || state === '' || another !== undefined)
    throw new DomainError('invalid', 'PROVIDER_REFUSED');
  const browserToken = takeBrowserToken(ctx, web.issuer, provider.key, state);
  const answer = { providerId: provider.id, state, browserToken };
  return { parameters, state, details: await consumeFederationRequest(web.db, answer, web.secrets) };
}

export function callbackRoutes(web: WebDependencies): Router {
  const router = new Router();

  /** @throws DomainError PROVIDER_* */
  function verify(provider: IdentityProvider, { parameters, state, details }: Answer): Promise<VerifiedPerson> {
    // Disabled meanwhile.
    if (provider.state !== 'active') throw new DomainError('invalid', 'PROVIDER_REFUSED');
    const { nonce, codeVerifier, reauthenticate, maxAge, startedAt } = details;
    const redirectUri = callbackAddress(web.issuer, provider.key);
    const expected = { state, nonce, codeVerifier, reauthenticate, maxAge, startedAt };
    return web.federation.verifyAnswer(provider, { redirectUri, parameters, ...expected });
  }

  async function signIn(ctx: Context, provider: IdentityProvider, answer: Answer, uid: string): Promise<void> {
    const interaction = await web.provider().Interaction.find(uid);
    if (!interaction || interaction.result) throw new DomainError('expired', 'INTERACTION_EXPIRED');
    const found = await contextOf(ctx, web, interaction);
    try {
      const verified = await verify(provider, answer);
      await keepArrival(interaction, { ...verified, providerKey: provider.key, arrivedAt: Date.now() });
    } catch (error) {
      if (!isProviderFailure(error)) throw error;
      if (error.code === 'PROVIDER_REFUSED') {
        const failure = { provider, tenantId: found.tenant?.id ?? null, reason: 'answer_refused' };
        await recordFederationFailure(web.db, failure, callerOf(ctx));
      }
      return showFailure(ctx, web, found, provider, error);
    }
    toDispatcher(ctx, uid, 'provider-answered');
  }

  router.post('/callback/:key', (ctx) => passOn(ctx, web));

  router.get('/callback/:key', async (ctx) => {
    const provider = await findIdentityProvider(web.db, ctx.params.key as string);
    if (!provider) throw new DomainError('not_found', 'NOT_FOUND');
    let wayOn: ErrorModel['wayOn'] = { href: '/account', label: 'sign_in' };
    try {
      const answer = await takeAnswer(ctx, web, provider);
      const { purpose } = answer.details;
      if (purpose.kind === 'sign-in') return await signIn(ctx, provider, answer, purpose.interactionUid);
      wayOn = { href: '/account', label: 'try_again' };
      await linkIdentityOf(ctx, web, { provider, purpose, verify: () => verify(provider, answer) });
    } catch (error) {
      if (!isProviderFailure(error)) throw error;
      showProviderFailure(ctx, web.pages, error, { providerName: provider.name, wayOn });
    }
  });

  return router;
}

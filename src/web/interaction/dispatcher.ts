/**
 * The dispatcher: reads what is already proved and redirects to one step. Each step calls one domain function and comes
 * back here. Also owns that a step answers only in its part of the interaction, and the way out: the person may always go
 * back to the application without signing in.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import { enrolSteps } from '../factors/enrol.ts';
import { enrolKeySteps } from '../factors/enrol-key.ts';
import { factorStanding, type PendingFactor, pendingFactor } from '../factors/pending-factor.ts';
import type { FactorLink } from '../factors/web-second-factor.ts';
import { secondFactors } from '../factors/web-second-factors.ts';
import { readForm } from '../middleware/body.ts';
import { methods } from '../sign-in/methods.ts';
import { signInOptions } from '../sign-in/sign-in-options.ts';
import { recovery } from './ask-recovery.ts';
import { consent } from './consent.ts';
import {
  finishInteraction,
  type InteractionContext,
  interactionContext,
  toDispatcher,
  type WebDependencies,
} from './context.ts';
import { keepAccountStep } from './keep-account.ts';
import { passkeyOfferSteps } from './offer-passkey.ts';
import { signUpChannels } from './offered-channels.ts';
import { organisation } from './organisation.ts';
import { provedAccounts, readyProof } from './proof.ts';
import { selectAccount } from './select-account.ts';
import { signUp } from './sign-up.ts';
import { rememberClient, wayHome, wayOnSince } from './signed-in-since.ts';
import { belongsTo, hrefOf, linksOf, nextStep, type Standing, type StepName, stepNames, stepPath } from './steps.ts';
import { tenantChoice } from './tenant-choice.ts';
import type { Handler, Handlers, StepHandlers, Visit } from './visit.ts';

const parts: Partial<Handlers>[] = [
  { cancel: { show: leave } },
  ...methods.map(({ steps }) => steps),
  ...secondFactors.map(({ steps }) => steps),
  enrolSteps,
  enrolKeySteps,
  { factor: { show: toFactor } },
  recovery,
  signUp,
  organisation,
  tenantChoice,
  selectAccount,
  keepAccountStep,
  passkeyOfferSteps,
  consent,
];

/** The handlers of a step. */
function handlersOf(name: StepName): StepHandlers<string> {
  const [handlers, another] = parts.map((part) => part[name]).filter((found) => found !== undefined);
  if (!handlers || another) throw new Error(`${handlers ? 'two parts answer' : 'nothing answers'} the step ${name}`);
  return handlers as StepHandlers<string>;
}

// A link: the interaction's unguessable address and its cookie say that the person follows it.
async function leave(ctx: Context, { web, interaction }: Visit): Promise<void> {
  await finishInteraction(ctx, web, interaction, {
    error: 'access_denied',
    error_description: 'the person went back without signing in',
  });
}

/** The second factors of a person: what they have, and what everybody may use beside. */
async function factorsOf(web: WebDependencies, uid: string, pending: PendingFactor): Promise<FactorLink[]> {
  const links: FactorLink[] = [];
  for (const { kind, entry, isOffered } of secondFactors)
    if (await isOffered(web, pending)) links.push({ kind, href: hrefOf(uid, entry) });
  return links;
}

/** To the first of those that the person has. */
async function toFactor(ctx: Context, { web, ...visit }: Visit): Promise<void> {
  const pending = await pendingFactor(ctx, web, visit);
  const [first] = pending?.need?.isEnrolled ? await visit.factors(pending) : [];
  if (!first) return toDispatcher(ctx, visit.interaction.uid);
  ctx.status = 303;
  ctx.redirect(first.href);
}

async function standingOf(ctx: Context, web: WebDependencies, found: InteractionContext): Promise<Standing> {
  const { interaction, tenant } = found;
  return {
    factor: factorStanding(await pendingFactor(ctx, web, found)),
    question: readyProof(interaction)?.question ?? 'none',
    prompt: interaction.prompt.name,
    hasSession: Boolean(interaction.session?.accountId),
    provedAccounts: provedAccounts(interaction).length,
    maySignUp: signUpChannels(web, tenant).length > 0,
  };
}

/** The interaction; undefined where the person is led on, because they have signed in since. */
async function stillWaiting(ctx: Context, web: WebDependencies): Promise<InteractionContext | undefined> {
  let found: InteractionContext | undefined;
  let href: string | undefined;
  try {
    found = await interactionContext(ctx, web);
    href = ctx.method === 'GET' ? await wayOnSince(ctx, web, found.interaction) : undefined;
  } catch (error) {
    href = await wayHome(ctx, web, error);
    if (href === undefined) throw error;
  }
  if (href === undefined) return found;
  ctx.status = 303;
  ctx.redirect(href);
  return undefined;
}

/** To the step that the interaction waits for. */
async function dispatch(ctx: Context, web: WebDependencies): Promise<void> {
  const found = await stillWaiting(ctx, web);
  if (!found) return;
  rememberClient(ctx, web, found.interaction);
  ctx.status = 303;
  ctx.redirect(hrefOf(found.interaction.uid, nextStep(await standingOf(ctx, web, found))));
}

/** One request to a step. */
async function visit(
  ctx: Context,
  web: WebDependencies,
  { name, form, handler }: { name: StepName; form: Visit['form']; handler: Handler<string> },
): Promise<void> {
  const found = name === 'cancel' ? await interactionContext(ctx, web) : await stillWaiting(ctx, web);
  if (!found) return;
  const { uid, prompt } = found.interaction;
  if (!belongsTo(name, prompt.name)) return toDispatcher(ctx, uid);
  const options = () => signInOptions(web, { tenant: found.tenant, uid }, (step) => hrefOf(uid, step));
  const factors = (pending: PendingFactor) => factorsOf(web, uid, pending);
  await handler(ctx, { ...found, web, form, href: hrefOf(uid, name), links: linksOf(uid, name), options, factors });
}

export function interactionRoutes(web: WebDependencies): Router {
  const router = new Router({ prefix: '/interaction/:uid' });
  router.get('/', (ctx) => dispatch(ctx, web));
  for (const name of stepNames) {
    const { show, submit } = handlersOf(name);
    const path = `/${stepPath(name)}`;
    if (show) router.get(path, (ctx) => visit(ctx, web, { name, form: {}, handler: show }));
    if (submit) router.post(path, async (ctx) => visit(ctx, web, { name, form: await readForm(ctx), handler: submit }));
  }
  return router;
}

/**
 * Trying an application out: who may change it signs in to it as themselves, for once, and sees what it would be told. A page of
 * the console stands in the application's place (oidc/client-trials.ts). It is shown to who began it, in the browser in which they
 * began it, once.
 */
import type Router from '@koa/router';
import { beginTrial, findTrial, forgetTrial, isAnswerTo, type Trial } from '../../../oidc/client-trials.ts';
import type { TrialResult } from '../../../oidc/finish-trial.ts';
import { leadTo } from '../../account/account-page.ts';
import { assertMayEver } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page, posted } from '../page.ts';
import { addressOf, type ConsoleDependencies, hrefTo, queryValue, type Visit } from '../visit.ts';
import {
  type Application,
  type ApplicationHead,
  clientParams,
  clientPath,
  headOfApplication,
  readApplication,
} from './application-page.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/applications/try': {
      frame: ConsoleFrame;
      head: ApplicationHead;
      action: string;
      backHref: string;
      scope: string;
      /** Why it cannot be tried here; then there is no form. */
      obstacle?: Obstacle;
    };
    'console/applications/tried': {
      frame: ConsoleFrame;
      head: ApplicationHead;
      againHref: string;
      /** What it would be told: `claims` as JSON. */
      tokens: { kind: TrialResult['tokens'][number]['kind']; bytes: number; claims: string }[];
      /** The error of OAuth that the application would get, and its description. */
      refused?: { error: string; detail: string };
      /** This is no answer to anything that was begun here, or not any more. */
      hasEnded: boolean;
    };
  }
}

type Obstacle = 'disabled' | 'no_redirect' | 'of_another_tenant' | 'signed_requests';

const usualScopes = 'openid profile email roles';

function obstacleTo(
  { operator }: Visit,
  { state, tenant_id, metadata, security_profile }: Application,
): Obstacle | undefined {
  if (state !== 'active') return 'disabled';
  const responses = metadata.response_types as string[] | undefined;
  if (!metadata.grant_types.includes('authorization_code') || responses?.includes('code') === false)
    return 'no_redirect';
  // One signs in as oneself: with an account elsewhere one is nobody here.
  if (tenant_id !== null && tenant_id !== operator.person.profile.tenantId) return 'of_another_tenant';
  const { require_pushed_authorization_requests: pushed, require_signed_request_object: signed } = metadata;
  return pushed === true || signed === true || security_profile !== 'none' ? 'signed_requests' : undefined;
}

/** Whether there is something to be tried for who looks. */
export function mayTry(visit: Visit, application: Application): boolean {
  return obstacleTo(visit, application) === undefined;
}

const tryPath = (visit: Visit) => `${clientPath(visit)}/try`;

/** Of the application that the address names, whatever else stands in it: the place that one looks at is no part of it. */
function redirectUriOf({ web, tenant, params }: Visit): string {
  return `${web.issuer}/console/${tenant.slug}/applications/${params.clientId}/tried`;
}

async function show(visit: Visit): Promise<void> {
  await assertMayEver(visit, 'clients.update', clientParams(visit));
  const { application } = await readApplication(visit);
  draw(visit, 'console/applications/try', {
    head: headOfApplication(visit, application, 'connect'),
    action: addressOf(visit.ctx),
    backHref: hrefTo(visit, `${clientPath(visit)}/connect`),
    scope: usualScopes,
    obstacle: obstacleTo(visit, application),
  });
}

async function begin(visit: Visit, form: Record<string, string>): Promise<void> {
  await assertMayEver(visit, 'clients.update', clientParams(visit));
  const { application } = await readApplication(visit);
  if (!mayTry(visit, application)) return show(visit);
  const { ctx, web, operator } = visit;
  const asked = (form.scope ?? '').split(/\s+/).filter((scope) => scope !== '' && scope !== 'openid');
  const { userId, email, phone, username } = operator.person.profile;
  const session = await web.provider().Session.get(ctx as never);
  const address = beginTrial(ctx, web, {
    clientId: application.client_id,
    redirectUri: redirectUriOf(visit),
    userId,
    heldGrantId: session.grantIdFor(application.client_id),
    scope: ['openid', ...asked].join(' ').slice(0, 1_000),
    loginHint: email ?? username ?? phone ?? undefined,
  });
  leadTo(ctx, address);
}

/** The trial that this request ends; it ends whatever comes of it. */
function takeTrial(visit: Visit): Trial | undefined {
  const { ctx, web, operator, params } = visit;
  const trial = findTrial(ctx, web);
  const isOurs =
    trial !== undefined &&
    trial.clientId === params.clientId &&
    trial.redirectUri === redirectUriOf(visit) &&
    trial.userId === operator.person.profile.userId &&
    isAnswerTo(trial, queryValue(visit, 'state')) &&
    // RFC 9207: the answer is of this server.
    queryValue(visit, 'iss') === web.issuer;
  if (!isOurs) return undefined;
  forgetTrial(ctx, web.issuer);
  return trial;
}

async function resultOf(visit: Visit, trial: Trial): Promise<TrialResult> {
  const error = queryValue(visit, 'error');
  const code = queryValue(visit, 'code');
  if (error !== undefined || code === undefined) {
    const detail = queryValue(visit, 'error_description')?.slice(0, 500) ?? '';
    return { tokens: [], refused: { error: error?.slice(0, 100) ?? 'server_error', detail } };
  }
  const { actor, person } = visit.operator;
  return visit.web.finishTrial(trial, code, { ...actor.caller, tenantId: person.profile.tenantId });
}

async function showResult(visit: Visit): Promise<void> {
  const { application } = await readApplication(visit);
  const trial = takeTrial(visit);
  const result = trial && (await resultOf(visit, trial));
  // The code is used up; it has no business in the addresses that the page is made of.
  visit.ctx.querystring = '';
  draw(
    visit,
    'console/applications/tried',
    {
      head: headOfApplication(visit, application, 'connect'),
      againHref: hrefTo(visit, tryPath(visit)),
      tokens: (result?.tokens ?? []).map(({ claims, ...token }) => ({
        ...token,
        claims: JSON.stringify(claims, null, 2),
      })),
      refused: result?.refused,
      hasEnded: result === undefined,
    },
    { status: result === undefined ? 410 : undefined },
  );
}

/** Mounts the page that says what will happen, and the one where the answer comes to. */
export function mountTry(router: Router, deps: ConsoleDependencies): void {
  router.get('/applications/:clientId/try', page(deps, 'applications', show));
  router.post('/applications/:clientId/try', posted(deps, 'applications', begin));
  router.get('/applications/:clientId/tried', page(deps, 'applications', showResult));
}

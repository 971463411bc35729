/**
 * Requests for the person's approval (CIBA): which application waits, for what, until when; approving and denying. Both ask that the
 * person has proved themselves lately, and approving asks what signing in to the application would. Refuses what is anybody else's.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { acr } from '../../domain/factors/requirement.ts';
import { type ApprovalRequest, approve, deny, listApprovalRequests } from '../../oidc/authorization/approvals.ts';
import { DomainError } from '../../platform/errors.ts';
import { resourcesAsked } from '../interaction/consent.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { drawPage, freshForm, leadTo, personOfPage } from './account-page.ts';
import type { AccountNav } from './sections.ts';
import { signInAgainAddress } from './signed-in.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/approvals': {
      nav: AccountNav;
      requests: {
        id: string;
        name: string;
        /** Of the person's own organisation. */
        firstParty: boolean;
        /** It acts for the person while they are away. */
        agent: boolean;
        /** What the application shows as well: chosen by it, and no word of ours. */
        bindingMessage?: string;
        scopes: { name: string }[];
        claims: { name: string }[];
        resources: ViewModels['interaction/consent']['resources'];
        /** How long the consent lasts at the most. */
        days?: number;
        askedAt: Date;
        expiresAt: Date;
      }[];
      /** Takes a POST with `request=<id>` and `decision=approve` or `deny`. */
      action: string;
      notice?: 'approved' | 'denied' | 'gone';
    };
  }
}

const page = '/account/approvals';
const notices = ['approved', 'denied', 'gone'] as const;

async function shown(
  { db }: WebDependencies,
  request: ApprovalRequest,
): Promise<ViewModels['account/approvals']['requests'][number]> {
  const asked = Object.fromEntries(request.resources.map(({ identifier, scopes }) => [identifier, scopes]));
  const { id, clientName: name, firstParty, agent, bindingMessage, days, createdAt: askedAt, expiresAt } = request;
  return {
    id,
    name,
    firstParty,
    agent,
    bindingMessage,
    scopes: request.scopes.map((scope) => ({ name: scope })),
    claims: request.claims.map((claim) => ({ name: claim })),
    resources: await resourcesAsked(db, asked),
    days,
    askedAt,
    expiresAt,
  };
}

const approvalsOf = ({ db, secrets, provider }: WebDependencies) => ({ db, secrets, provider: provider() });

async function show(ctx: Context, web: WebDependencies): Promise<void> {
  const person = await personOfPage(ctx, web);
  if (!person) return;
  const waiting = await listApprovalRequests(approvalsOf(web), person.profile);
  const requests = await Promise.all(waiting.map((request) => shown(web, request)));
  const notice = notices.find((one) => one === ctx.query.notice);
  drawPage(ctx, web, person, { section: 'approvals', view: 'account/approvals' }, { requests, action: page, notice });
}

/** What has gone meanwhile is told in the list, not as a fault. */
async function unlessGone(answer: Promise<(typeof notices)[number] | undefined>) {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'APPROVAL_EXPIRED') return 'gone';
    throw error;
  }
}

async function decide(ctx: Context, web: WebDependencies): Promise<void> {
  const posted = await freshForm(ctx, web, page);
  if (!posted) return;
  const { person, form } = posted;
  const { profile } = person;
  const deps = approvalsOf(web);
  const caller = callerOf(ctx, profile.userId);
  const id = form.request ?? '';
  const answers = {
    async approve() {
      const proof = { acr: person.acr, amr: person.amr, authTime: Math.floor(person.provedAt / 1000) };
      return (await approve(deps, { person: profile, id, proof }, caller)) ? 'approved' : undefined;
    },
    async deny() {
      await deny(deps, { person: profile, id }, caller);
      return 'denied' as const;
    },
  } as const;
  const { decision } = form;
  if (decision !== 'approve' && decision !== 'deny')
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'decision' });
  const notice = await unlessGone(answers[decision]());
  // By more than a sign-in of this person asks for: as the application asks for it.
  leadTo(
    ctx,
    notice ? `${page}?notice=${notice}` : signInAgainAddress(web.issuer, person, page, { acr_values: acr.aal2 }),
  );
}

/** Mounts `/approvals` on the router of the account pages. */
export function mountApprovals(router: Router, web: WebDependencies): void {
  router.get('/approvals', (ctx) => show(ctx, web));
  router.post('/approvals', (ctx) => decide(ctx, web));
}

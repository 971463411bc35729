/** Applications that ask people for approvals (CIBA), and people who answer on their own pages. */
import assert from 'node:assert/strict';
import { cibaGrant } from '../../src/domain/clients/backchannel.ts';
import { approvalRequestModel as model } from '../../src/domain/sessions/approval-requests.ts';
import type { TestApp } from './app.ts';
import { Browserless, type Reply } from './browserless.ts';
import { type ClientCredential, type EndpointAnswer, postAs } from './endpoints.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

/** One that may ask. */
export function approvalClient(
  app: TestApp,
  tenantId: string,
  overrides: Parameters<TestApp['relyingParty']>[0] = {},
): Promise<ClientCredential> {
  const { metadata, ...rest } = overrides;
  return app.relyingParty({ tenantId, name: 'Service desk', metadata: { ciba: true, ...metadata }, ...rest });
}

export function askApproval(
  app: TestApp,
  client: ClientCredential,
  form: Record<string, string>,
  origin = app.issuer,
): Promise<EndpointAnswer> {
  return postAs(`${origin}/backchannel`, client, { scope: 'openid email', ...form });
}

export async function asked(
  app: TestApp,
  client: ClientCredential,
  form: Record<string, string>,
): Promise<{ auth_req_id: string; expires_in: number }> {
  const { status, body } = await askApproval(app, client, form);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

export function pollAtOnce(
  app: TestApp,
  client: ClientCredential,
  auth_req_id: string,
  origin = app.issuer,
): Promise<EndpointAnswer> {
  return postAs(`${origin}/token`, client, { grant_type: cibaGrant, auth_req_id });
}

/** As if these seconds had passed since everybody's last poll. */
export async function letPass({ db }: Pick<TestApp, 'db'>, seconds: number): Promise<void> {
  await db('oidc_payloads')
    .where({ model })
    .update({ polledAt: db.raw('polled_at - make_interval(secs => ?)', [seconds]) });
}

export async function poll(
  app: TestApp,
  client: ClientCredential,
  auth_req_id: string,
  origin = app.issuer,
): Promise<EndpointAnswer> {
  await letPass(app, 60);
  return pollAtOnce(app, client, auth_req_id, origin);
}

export const approvalsAt = (origin: string) => `${origin}/account/approvals`;

/** Somebody who has just signed in to their own pages, on the page of approvals. */
export async function atApprovals(
  app: TestApp,
  person: Person,
  browser = new Browserless(),
): Promise<{ browser: Browserless; page: Reply }> {
  const page = await browser.open(approvalsAt(app.issuer));
  if (!/name="password"/.test(page.body)) return { browser, page };
  return { browser, page: await browser.submit(page, { login: person.email, password: person.password }) };
}

/** Answers the newest request; of a page with several, the one of `form`. */
export function decide(browser: Browserless, page: Reply, decision: 'approve' | 'deny'): Promise<Reply> {
  const form = [...page.body.matchAll(/<form\b[\s\S]*?<\/form>/g)].findIndex(([text]) => /name="request"/.test(text));
  assert.ok(form >= 0, `nothing to answer: ${page.status} ${page.url}\n${page.body.slice(0, 2000)}`);
  return browser.submit(page, { decision }, { form });
}

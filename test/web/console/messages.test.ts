import assert from 'node:assert/strict';
import { recordEvent, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { countMessage } from '../../../src/domain/messages/message-days.ts';
import type { Channel } from '../../../src/domain/messages/outgoing-message.ts';
import { budgetSubject } from '../../../src/domain/messages/phone-policy.ts';
import { setPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { newId } from '../../../src/platform/ids.ts';
import { spendBudget } from '../../../src/platform/rate-limits.ts';
import { wordsOfReason } from '../../../src/web/console/messages/reasons.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

describe('the console: messages', () => {
  let app: TestApp;
  let tenantId: string;
  let otherId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp({ mailbox: true });
    tenantId = (await app.tenant({ slug: 'here', name: 'Here' })).id;
    otherId = (await app.tenant({ slug: 'there', name: 'There' })).id;
    // Who looks is of a third: each sign-in may send a message of its own tenant.
    const platformId = (await app.tenant()).id;
    await setPlatformTenant(app.db, platformId, systemCaller);
    owner = await app.person({ tenantId: platformId, fullName: 'Olive Owner' });
    await give(app, { tenantId: platformId, userId: owner.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (query = '', tenant = 'here') => `${app.issuer}/console/${tenant}/messages${query}`;

  /** A message that did not go, as the delivery tells of it. */
  async function unsent(of: string, channel: Channel, template: string, reason: string): Promise<string> {
    const id = newId();
    const action = reason === 'budget_used_up' ? 'message.refused' : 'message.failed';
    const payload = { channel, template, reason };
    await recordEvent(app.db, { tenantId: of, action, entityType: 'message', entityId: id, payload }, systemCaller);
    const outcome = action === 'message.refused' ? 'refused' : 'failed';
    await countMessage(app.db, { tenantId: of, channel, outcome, reason });
    return id;
  }
  const rowsOf = (body: string) => /<tbody>(?![\s\S]*<tbody>)[\s\S]*?<\/tbody>/.exec(body)?.[0] ?? '';
  const cardOf = (body: string, name: string) =>
    body.split('<li class="channel">').find((card) => card.includes(`<h3>${name}</h3>`)) ?? '';

  it('say honestly that nothing went wrong, and which channels are set up', async () => {
    const browser = await signInToConsole(app, owner);
    const { status, body } = await browser.open(at());
    assert.equal(status, 200);
    assert.match(body, /Every message went/);
    assert.match(cardOf(body, 'Email'), /Not tried yet[\s\S]*A mail server \(SMTP\)/);
    for (const name of ['SMS', 'WhatsApp']) assert.match(cardOf(body, name), /Not set up[\s\S]*Nobody on this server/);
    assert.doesNotMatch(cardOf(body, 'SMS'), /<progress/);
  });

  it('are told with why they did not go, by channel and by reason, of this tenant alone', async () => {
    const browser = await signInToConsole(app, owner);
    const refused = await unsent(tenantId, 'email', 'invitation', '550');
    await unsent(tenantId, 'sms', 'code', 'budget_used_up');
    await unsent(tenantId, 'sms', 'code', '21610');
    const elsewhere = await unsent(otherId, 'sms', 'recovery', '63016');
    const { body } = await browser.open(at());
    assert.match(rowsOf(body), /The mail server refused it[\s\S]*550/);
    assert.match(rowsOf(body), /The day’s budget was used up/);
    assert.match(rowsOf(body), /asked for no more messages/);
    assert.ok(rowsOf(body).includes(`/console/here/audit?entity_id=${refused}`));
    assert.ok(!body.includes(elsewhere) && !body.includes('63016'));

    const mail = rowsOf((await browser.open(at('?channel=email'))).body);
    assert.match(mail, /Invitation/);
    assert.doesNotMatch(mail, /budget|21610/);
    const byReason = rowsOf((await browser.open(at('?reason=21610'))).body);
    assert.match(byReason, /21610/);
    assert.doesNotMatch(byReason, /550|budget/);
    assert.match(
      (await browser.open(at('?channel=email&reason=21610'))).body,
      /console\/here\/messages"[^>]*>[^<]*<\/a>/,
    );
    // Of another tenant's reasons none can be asked for: it counts as no reason.
    assert.match(rowsOf((await browser.open(at('?reason=63016'))).body), /550/);
  });

  it('show how a channel does: what the provider took last, and how much of the day is used', async () => {
    const browser = await signInToConsole(app, owner);
    await countMessage(app.db, { tenantId, channel: 'email', outcome: 'retried', reason: 'ECONNREFUSED' });
    const troubled = cardOf((await browser.open(at())).body, 'Email');
    assert.match(troubled, /Did not take the last one[\s\S]*The provider did not answer/);
    await countMessage(app.db, { tenantId, channel: 'email', outcome: 'sent' });
    await spendBudget(app.db, budgetSubject('email', tenantId), 1_000);
    const works = cardOf((await browser.open(at())).body, 'Email');
    assert.match(works, /Works[\s\S]*>1 of [\d,]+ used today/);
    const daily = Number(/<progress[^>]* max="(\d+)"/.exec(works)?.[1]);
    await app
      .db('rate_limits')
      .where({ key: `budget:${budgetSubject('email', tenantId)}` })
      .update({ hits: daily });
    assert.match(cardOf((await browser.open(at())).body, 'Email'), /Used up for today/);
  });

  it('are led to from what needs a look', async () => {
    const browser = await signInToConsole(app, owner);
    await unsent(tenantId, 'email', 'invitation', '550');
    const { body } = await browser.open(`${app.issuer}/console/here/overview`);
    assert.match(body, /<a href="\/console\/here\/messages">Messages by \d+ channel/);
  });

  it('are seen by their capability in the whole tenant alone, and never by another tenant', async () => {
    const office = (await app.tenant({ slug: 'office', name: 'Office' })).id;
    await unsent(office, 'email', 'invitation', '550');
    const reader = await make.createRole(app.db, { tenantId: office, name: 'Reader', capabilities: ['messages.read'] });
    const root = await app.db('org_nodes').where({ tenantId: office, parentId: null }).first('id');
    const south = await make.createNode(app.db, { tenantId: office, name: 'South' });
    const [everywhere, delegate] = [await app.person({ tenantId: office }), await app.person({ tenantId: office })];
    for (const [userId, orgNodeId] of [
      [everywhere.id, root.id],
      [delegate.id, south.id],
    ])
      await make.assign(app.db, { tenantId: office, userId, roleId: reader.id, orgNodeId });

    const theirs = await signInToConsole(app, everywhere);
    const seen = await theirs.open(at('', 'office'));
    assert.equal(seen.status, 200);
    assert.match(rowsOf(seen.body), /The mail server refused it/);
    // Neither the trail nor the settings are theirs.
    assert.doesNotMatch(seen.body, /\/audit\?entity_id|Channels and countries/);

    const partly = await signInToConsole(app, delegate);
    const refused = await partly.open(at('', 'office'));
    assert.equal(refused.status, 403);
    assert.doesNotMatch(refused.body, /The mail server refused it|href="\/console\/office\/messages"/);

    const stranger = await app.person({ tenantId: otherId });
    await give(app, { tenantId: otherId, userId: stranger.id, role: 'owner' });
    const foreign = await signInToConsole(app, stranger);
    assert.equal((await foreign.open(at('', 'office'))).status, 404);
    const own = await foreign.open(at('', 'there'));
    assert.equal(own.status, 200);
    assert.doesNotMatch(rowsOf(own.body), /550/);
  });

  it('have words for each reason, by who gave it', () => {
    const cases: [Channel | null, string, string][] = [
      ['sms', 'budget_used_up', 'budget_used_up'],
      ['email', 'EAUTH', 'eauth'],
      ['email', 'ECONNREFUSED', 'unreachable'],
      ['sms', 'ETIMEDOUT', 'unreachable'],
      ['email', '421', 'put_off'],
      ['email', '550', 'refused'],
      ['sms', '503', 'unreachable'],
      ['sms', '401', 'credentials'],
      ['whatsapp', '63016', 'template_needed'],
      ['whatsapp', '12345', 'provider_refused'],
      [null, 'constructor', 'provider_refused'],
      ['sms', 'constructor', 'provider_refused'],
    ];
    for (const [channel, reason, words] of cases) assert.equal(wordsOfReason(channel, reason), words, reason);
  });
});

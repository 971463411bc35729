/** Addresses that no mail would reach: refused where they are typed, in words, and nothing is sent to them. */
import assert from 'node:assert/strict';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { type Mailbox, startMailbox } from '../support/mailbox.ts';
import { asking, give } from '../support/management.ts';
import { personToken } from '../support/management-world.ts';
import { discover, type RelyingParty, startSignIn } from '../support/relying-party.ts';

const settings = { selfSignUp: true };

describe('an address that no mail would reach', () => {
  let older: Mailbox;
  let app: TestApp;
  let tenant: NewTenant;
  let party: RelyingParty;
  before(async () => {
    older = await startMailbox({ unicode: false });
    app = await startTestApp({ runJobs: true, env: { SMTP_URL: older.url } });
    tenant = await app.tenant({ settings });
    party = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
  });
  after(async () => {
    await app?.stop();
    await older?.stop();
  });

  /** Types the address into the form of a step. */
  async function type(step: string, address: string): Promise<Reply> {
    const browser = new Browserless();
    const { address: request } = await startSignIn(party);
    const page = await browser.open(request.href);
    const form = await browser.open(page.url.replace(/sign-in$/, step));
    return browser.submit(form, { address });
  }

  for (const step of ['code', 'recovery', 'sign-up']) {
    it(`is refused at ${step} where the mail server takes nothing beyond ASCII`, async () => {
      const page = await type(step, 'jörg@example.test');
      assert.equal(page.status, 422);
      assert.match(page.body, /letters such as ö before the @/);
      assert.match(page.body, /value="jörg@example\.test"/);
    });

    it(`is refused at ${step} where its domain is none of the Internet`, async () => {
      const page = await type(step, 'short@example');
      assert.equal(page.status, 422);
      assert.match(page.body, /in the form name@example\.com/);
    });
  }

  it('is no address of a person beyond ASCII in its domain alone, which has an ASCII form', async () => {
    const page = await type('sign-up', 'jorg@bücher.example');
    assert.equal(page.status, 200, page.body);
    // The test's server shows a domain as people read it.
    await older.waitFor('jorg@bücher.example');
  });

  it('is refused to those who invite', async () => {
    const owner = await app.person({ tenantId: tenant.id });
    await give(app, { tenantId: tenant.id, userId: owner.id, role: 'owner' });
    const ask = asking(app, await personToken(app, owner, { scopes: ['invitations.manage'] }));
    const invite = async (email: string) => {
      const place = { role_id: tenant.systemRoleIds.member, org_node_id: tenant.rootNodeId };
      const { status, body } = await ask('POST', '/invitations', { email, ...place });
      return [status, body.code];
    };
    assert.deepEqual(await invite('jörg@example.test'), [422, 'EMAIL_NOT_SUPPORTED']);
    assert.deepEqual(await invite('short@example'), [422, 'EMAIL_INVALID']);
    assert.deepEqual(await invite('jorg@example.test'), [201, undefined]);
  });

  it('was sent nothing', () => {
    const recipients = older.mails.flatMap(({ envelope }) => envelope.to);
    assert.deepEqual(
      recipients.filter((to) => /^jörg|@example$/.test(to)),
      [],
    );
  });
});

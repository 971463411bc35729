/** The primary is demoted under a running server: connections that stay open lead to what has become a standby. */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { post } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { demoteOpenly, demoteSilently } from '../support/held-connections.ts';
import { discover, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

describe('a failover of the database', () => {
  let app: TestApp;
  before(async () => {
    // It is about the server's own connections; those of a pooler are the pooler's to give up.
    app = await startTestApp({ pooler: false });
  });
  after(() => app.stop());

  const readiness = async () => {
    const answer = await fetch(`${app.issuer}/readyz`);
    return { status: answer.status, body: await answer.json() };
  };

  /** Every connection that the server has, and those that it opens, takes no writes. */
  async function demoteAll(): Promise<void> {
    const name = new URL(app.databaseUrl).pathname.slice(1);
    await demoteSilently(app.server.db, app.config.database.poolMax);
    await app.db.raw('alter database ?? set default_transaction_read_only = on', [name]);
  }

  async function promote(): Promise<void> {
    const name = new URL(app.databaseUrl).pathname.slice(1);
    await app.db.raw('set session characteristics as transaction read write');
    await app.db.raw('alter database ?? reset default_transaction_read_only', [name]);
  }

  /** A page of the sign-in, and what is to be sent from it. */
  async function openSignIn() {
    const person = await app.person();
    const party = await discover(app, await app.relyingParty());
    const browser = new Browserless();
    const page = await browser.open((await startSignIn(party)).address.href, redirectUri);
    const [, action = ''] = /action="([^"]+)"/.exec(page.body) ?? [];
    const send = () => browser.send(new URL(action, page.url).href, { login: person.email, password: person.password });
    return { person, party, send };
  }

  it('is noticed by nobody where PostgreSQL says so before it is asked', async () => {
    const { send } = await openSignIn();
    await demoteOpenly(app.server.db, app.config.database.poolMax);
    assert.equal((await send()).status, 303);
    assert.equal((await readiness()).status, 200);
  });

  it('is answered with 503 once where it does not, and people sign in again without a restart', async () => {
    const { person, party, send } = await openSignIn();
    await demoteSilently(app.server.db, app.config.database.poolMax);
    const refused = await send();
    assert.equal(refused.status, 503);
    assert.ok(refused.headers['retry-after']);
    await signIn(party, person);
    assert.equal((await readiness()).status, 200);
  });

  it('is told of by /readyz, for machines by Retry-After, and is over when a primary is there', async () => {
    const client = await app.relyingParty();
    const { tokens } = await signIn(await discover(app, client), await app.person());
    await demoteAll();
    try {
      assert.deepEqual(await readiness(), { status: 503, body: { status: 'unavailable', problems: ['database'] } });
      const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string };
      const { clientId, clientSecret } = client;
      const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
      const answer = await post(`${app.issuer}/token`, form, { authorization: basic });
      assert.equal(answer.status, 503, JSON.stringify(answer.body));
      assert.equal(answer.body.error, 'temporarily_unavailable');
      assert.ok(answer.headers.get('retry-after'));
    } finally {
      await promote();
    }
    await eventually(async () => (await readiness()).status === 200, 'it is ready');
    await signIn(await discover(app, client), await app.person());
  });
});

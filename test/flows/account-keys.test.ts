/** A person's own API keys on their own pages: as requests, and in a browser with and without scripts. */
import assert from 'node:assert/strict';
import { ageSessions } from '../support/aged-session.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import * as make from '../support/factories.ts';
import { asking, performAs } from '../support/management.ts';
import { accessibilityFaults, smallTargets } from '../support/page-checks.ts';
import { enterPassword, onStage } from '../support/pages.ts';

const keyForm = /\bgk_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}\b/;

type Signable = Awaited<ReturnType<TestApp['person']>>;

/** Somebody who may make keys at a node, of what they hold there. */
async function keyMaker(app: TestApp, { tenantId, nodeId }: { tenantId: string; nodeId: string }): Promise<Signable> {
  const person = await app.person({ tenantId });
  const role = await make.createRole(app.db, { tenantId, capabilities: ['api_keys.manage', 'org.read'] });
  await make.assign(app.db, { tenantId, userId: person.id, roleId: role.id, orgNodeId: nodeId });
  return person;
}

describe("a person's own API keys", () => {
  let app: TestApp;
  let tenantId: string;
  let northId: string;
  let southId: string;
  let maker: Signable;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    northId = (await make.createNode(app.db, { tenantId, name: 'North' })).id;
    southId = (await make.createNode(app.db, { tenantId, name: 'South' })).id;
    maker = await keyMaker(app, { tenantId, nodeId: northId });
  });
  after(() => app?.stop());

  const at = (path = '') => `${app.issuer}/account/keys${path}`;
  async function signIn(person: Signable): Promise<Browserless> {
    const browser = new Browserless();
    const page = await browser.open(at());
    await browser.submit(page, { login: person.email, password: person.password });
    return browser;
  }
  const status = async (key: string) => (await asking(app, key)('GET', '/org-nodes')).status;
  const wanted = { name: 'Nightly export', 'capability:org.read': 'yes', days: '7' };
  const rowsOf = (userId: string) => app.db('api_keys').where({ userId });

  it('are made of what the person holds, shown once, listed and revoked', async () => {
    const browser = await signIn(maker);
    assert.match((await browser.open(at())).body, /You have no key that works/);
    const form = await browser.open(at('/new'));
    assert.match(form.body, /North[\s\S]*org\.read/);
    assert.doesNotMatch(form.body, /South|users\.manage/);
    const made = await browser.submit(form, { ...wanted, place: northId });
    const key = keyForm.exec(made.body)?.[0] ?? '';
    assert.equal(await status(key), 200);
    const [row] = await rowsOf(maker.id);
    assert.deepEqual([row.orgNodeId, row.createdBy], [northId, maker.id]);

    const list = await browser.open(at());
    assert.match(list.body, /Nightly export[\s\S]*org\.read: at North and below/);
    assert.ok(!list.body.includes(key), 'it is shown again');
    const gone = await browser.submit(list, { key: row.id });
    assert.match(gone.body, /The key has ended[\s\S]*You have no key that works/);
    assert.equal(await status(key), 401);
  });

  it('are good for no more and nowhere else, whatever the form says, and what was typed stays', async () => {
    const browser = await signIn(maker);
    const before = (await rowsOf(maker.id)).length;
    for (const more of [
      { place: southId },
      { place: northId, 'capability:users.manage': 'yes' },
      { place: 'nowhere' },
      { place: northId, 'capability:org.read; drop': 'yes' },
    ] as Record<string, string>[]) {
      const refused = await browser.send(at('/new'), { ...wanted, ...more });
      assert.ok(refused.status >= 400 && refused.status < 500, `${refused.status} ${JSON.stringify(more)}`);
      assert.doesNotMatch(refused.body, keyForm);
    }
    const empty = await browser.send(at('/new'), { name: 'Kept name', place: northId, days: '7' });
    assert.match(empty.body, /Choose what it is good for/);
    assert.match(empty.body, /value="Kept name"/);
    assert.equal((await rowsOf(maker.id)).length, before);
  });

  it('are made by nobody who may make none, and not with an old sign-in', async () => {
    const plain = await app.person({ tenantId });
    const browser = await signIn(plain);
    assert.match((await browser.open(at())).body, /Who may make keys is up to/);
    assert.equal((await browser.open(at('/new'))).status, 403);
    assert.equal((await browser.send(at('/new'), { ...wanted, place: northId })).status, 403);

    const late = await signIn(maker);
    const before = (await rowsOf(maker.id)).length;
    await ageSessions(app, maker.id, 3600);
    const led = await late.send(at('/new'), { ...wanted, place: northId });
    assert.equal(led.status, 303);
    assert.equal((await rowsOf(maker.id)).length, before);
  });

  it('are nobody else’s to end', async () => {
    const body = { name: 'Mine', org_node_id: northId, user_id: maker.id, capabilities: ['org.read'] };
    const made = await performAs(app, { tenantId, userId: maker.id })('api_keys.create', { body });
    const { id, key } = made.body as { id: string; key: string };
    const other = await keyMaker(app, { tenantId, nodeId: northId });
    const browser = await signIn(other);
    assert.doesNotMatch((await browser.open(at())).body, /Mine/);
    assert.equal((await browser.send(at('/revoke'), { key: id })).status, 404);
    assert.equal((await browser.send(at('/revoke'), { key: 'none' })).status, 404);
    assert.equal(await status(key), 200);
  });
});

describe("a person's own API keys in a browser", function () {
  this.timeout(300_000);
  const stage = onStage();

  for (const { where, options, looks } of [
    { where: 'on a desktop', options: { colorScheme: 'light' }, looks: true },
    { where: 'on a phone, in the dark', options: { width: 390, height: 780, colorScheme: 'dark' }, looks: true },
    { where: 'without scripts', options: { javaScriptEnabled: false }, looks: false },
  ] as const)
    it(`are made and revoked ${where}`, async () => {
      const { app } = stage();
      const tenant = await app.tenant();
      const maker = await keyMaker(app, { tenantId: tenant.id, nodeId: tenant.rootNodeId });
      const page = await stage().newPage(options);
      const look = async () => {
        // What looks at a page is itself a script.
        if (!looks) return;
        assert.deepEqual([await accessibilityFaults(page), await smallTargets(page)].flat(), [], page.url());
      };
      await page.goto(`${app.issuer}/account/keys`);
      await enterPassword(page, maker);
      await page.getByRole('link', { name: 'Make an API key' }).click();
      await page.getByLabel('Name').fill('From a page');
      await look();
      await page.getByLabel('org.read').check();
      await page.getByRole('button', { name: 'Make this key' }).click();
      const key = (await page.locator('#key').textContent()) ?? '';
      assert.match(key, keyForm);
      await look();
      await page.getByRole('link', { name: 'I have kept it' }).click();
      await look();
      await page.getByRole('button', { name: 'Revoke the key From a page' }).click();
      await page.getByText('The key has ended').waitFor();
      assert.equal((await asking(app, key)('GET', '/org-nodes')).status, 401);
    });
});

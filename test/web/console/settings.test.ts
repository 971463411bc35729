import assert from 'node:assert/strict';
import { TenantSettings } from '../../../src/management/tenant-settings.ts';
import { brandingGroup } from '../../../src/web/console/settings/branding.ts';
import { settingsGroups } from '../../../src/web/console/settings/settings.ts';
import { signInGroups } from '../../../src/web/console/sign-in/ways.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('the console: settings', () => {
  let app: TestApp;
  let tenantId: string;
  let owner: Person;

  before(async () => {
    app = await startTestApp();
    ({ id: tenantId } = await app.tenant({ slug: 'here', name: 'Here' }));
    await app.tenant({ slug: 'elsewhere', name: 'Elsewhere' });
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here${path}`;
  const settings = async () => (await app.db('tenants').where({ id: tenantId }).first('settings')).settings;

  it('has a place for every setting of a tenant', () => {
    // What a tenant asks of a provider is on the page of the provider.
    const placed = [brandingGroup, ...settingsGroups, ...signInGroups].flatMap(({ fields }) =>
      fields.map(({ name }) => name),
    );
    const { branding, address_limits: limits } = TenantSettings.shape;
    const inner = (name: string, members: object) => Object.keys(members).map((member) => `${name}.${member}`);
    const all = [
      ...Object.keys(TenantSettings.shape).filter(
        (name) => !['branding', 'address_limits', 'federation'].includes(name),
      ),
      ...inner('branding', branding.shape),
      ...inner('address_limits', limits.shape),
    ];
    assert.deepEqual(placed.toSorted(), all.toSorted());
  });

  it('shows what holds, changes one group, and leaves the others alone', async () => {
    const browser = await signInToConsole(app, owner);
    const page = await browser.open(at('/settings'));
    assert.match(page.body, /As on this server[\s\S]*14 days/);
    const form = await browser.open(at('/settings/retention'));
    const wrong = await browser.submit(
      form,
      { audit_retention_days: '90000', self_deletion_days: 'soon' },
      { form: 1 },
    );
    assert.equal(wrong.status, 422);
    assert.match(wrong.body, /value="90000"[\s\S]*value="soon"/);
    assert.equal(wrong.body.match(/class="field-error"/g)?.length, 2);
    const saved = await browser.submit(wrong, { audit_retention_days: '400', self_deletion_days: '' }, { form: 1 });
    assert.match(saved.body, /Saved[\s\S]*400 days[\s\S]*cannot delete their account themselves/);
    assert.deepEqual(await settings(), { auditRetentionDays: 400, selfDeletionDays: null });
  });

  it('tells the faults of networks and of the look at their fields', async () => {
    const browser = await signInToConsole(app, owner);
    const form = await browser.open(at('/settings/limits'));
    const wide = { 'address_limits.trusted_networks': '203.0.113.0/24\n0.0.0.0/0' };
    const refused = await browser.submit(form, wide, { form: 1 });
    assert.equal(refused.status, 400);
    assert.match(refused.body, /id="address_limits\.trusted_networks-error"/);
    assert.match(refused.body, /0\.0\.0\.0\/0/);
    const look = await browser.open(at('/settings/branding'));
    const script = { 'branding.logo_url': 'javascript:alert(1)', 'branding.accent_color': 'teal' };
    const badLook = await browser.submit(look, script, { form: 1 });
    assert.equal(badLook.status, 400);
    assert.match(badLook.body, /value="javascript:alert\(1\)"/);
    assert.match(badLook.body, /class="field-error"/);
    assert.equal((await settings()).branding, undefined);
  });

  it('renames the tenant', async () => {
    const browser = await signInToConsole(app, owner);
    const done = await browser.submit(await browser.open(at('/settings/name')), { name: 'Here & There' }, { form: 1 });
    assert.match(done.body, /Saved[\s\S]*Here &amp; There/);
    await browser.submit(await browser.open(at('/settings/name')), { name: 'Here' }, { form: 1 });
  });

  it('tells what somebody else changed meanwhile', async () => {
    const browser = await signInToConsole(app, owner);
    const mine = await browser.open(at('/settings/sessions'));
    await browser.submit(
      await browser.open(at('/settings/sessions')),
      { session_hours: '10', new_device_notices: 'yes' },
      { form: 1 },
    );
    const late = await browser.submit(mine, { session_hours: '12', new_device_notices: 'yes' }, { form: 1 });
    assert.equal(late.status, 412);
    assert.match(late.body, /Somebody else changed this meanwhile[\s\S]*<dd>10<\/dd>/);
  });

  describe('what the frames of the look show', () => {
    const look = '/settings/branding/look?scheme=dark&accent=%238a2be2&logo=https%3A%2F%2Flogo.example%2Fa.svg';

    it('is the sign-in page with that look, which runs nothing, sends nothing, and is framed by us alone', async () => {
      const browser = await signInToConsole(app, owner);
      const { status, headers, body } = await browser.open(at(look));
      assert.equal(status, 200);
      assert.match(
        body,
        /data-theme="dark"[\s\S]*\/assets\/accent\/8a2be2\.css[\s\S]*<body inert>[\s\S]*logo\.example/,
      );
      assert.doesNotMatch(body, /<script/);
      const policy = String(headers['content-security-policy']);
      assert.match(policy, /frame-ancestors 'self'(;|$)/);
      assert.match(policy, /; sandbox(;|$)/);
      assert.doesNotMatch(policy, /allow-|frame-ancestors 'none'/);
      assert.equal(headers['x-frame-options'], 'SAMEORIGIN');
    });

    it('takes no look that could not be stored', async () => {
      const browser = await signInToConsole(app, owner);
      const values = { accent: '#fff;}', logo: 'javascript:alert(1)', help: 'javascript:alert(1)' };
      const { body } = await browser.open(at(`/settings/branding/look?${new URLSearchParams(values)}`));
      assert.match(body, /Sign in/);
      assert.doesNotMatch(body, /javascript:|\/accent\//);
    });

    it('is no page by itself', async () => {
      const browser = await signInToConsole(app, owner);
      const { location } = await browser.send(at(look), undefined, { 'sec-fetch-dest': 'document' });
      assert.match(String(location), /\/settings\/branding$/);
    });

    it('leaves the other pages unframed', async () => {
      const browser = await signInToConsole(app, owner);
      for (const path of ['/settings', '/settings/branding']) {
        const { headers } = await browser.open(at(path));
        assert.equal(headers['x-frame-options'], 'DENY');
        assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/);
      }
    });
  });

  it('is not there for a delegate, nor in another tenant', async () => {
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read', 'tenant.manage'] });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const paths = ['', '/name', '/branding', '/branding/look', '/sessions', '/retention', '/limits'];
    const before = await settings();
    const browser = await signInToConsole(app, delegate);
    assert.doesNotMatch((await browser.open(at('/people'))).body, /href="[^"]*\/settings"/);
    for (const path of paths) assert.equal((await browser.open(at(`/settings${path}`))).status, 404, path);
    for (const path of paths.slice(4))
      assert.equal((await browser.send(at(`/settings${path}`), { session_hours: '1' })).status, 404, path);
    assert.deepEqual(await settings(), before);
    const own = await signInToConsole(app, owner);
    for (const path of paths)
      assert.equal((await own.open(`${app.issuer}/console/elsewhere/settings${path}`)).status, 404, path);
  });
});

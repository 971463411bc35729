import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { firstSetupLink } from '../../src/domain/setup/first-setup-link.ts';
import { createSetupLink } from '../../src/domain/setup/setup-links.ts';
import { createSecrets, randomToken } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { discover, signIn } from '../support/relying-party.ts';

const typed = {
  tenant_name: 'Northwind Academies',
  full_name: 'Ada Lovelace',
  email: 'ada@example.test',
  password: 'a walk along the quiet river',
};

describe('setting the server up', function () {
  this.timeout(120_000);
  let app: TestApp;
  before(async () => {
    app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.0/8,::1' } });
  });
  after(() => app?.stop());

  let visitors = 0;
  /** From an address of its own: the limit on tries is another test's. */
  function visitor(): Browserless {
    visitors += 1;
    return new Browserless({ 'x-forwarded-for': `198.51.100.${visitors}` });
  }

  async function link(wanted: Parameters<typeof createSetupLink>[1] = {}): Promise<{ token: string; url: string }> {
    const { token } = await createSetupLink(app.db, wanted, systemCaller);
    return { token, url: `${app.issuer}/set-up/${token}` };
  }

  async function owners(tenantName: string): Promise<{ email: string; slug: string }[]> {
    const found = await app.db.raw(
      `select u.email, t.slug
         from tenants t
         join users u           on u.tenant_id = t.id
         join org_assignments a on a.tenant_id = t.id and a.user_id = u.id
         join roles r           on r.tenant_id = t.id and r.id = a.role_id and r.name = 'owner'
         join org_nodes n       on n.tenant_id = t.id and n.id = a.org_node_id and n.parent_id is null
        where t.name = ?`,
      [tenantName],
    );
    return found.rows;
  }

  function assertFriendly(reply: Reply, status: number): void {
    assert.equal(reply.status, status, reply.body);
    assert.match(reply.body, /<h1>[^<]{5,}<\/h1>/);
    assert.match(reply.body, /class="request-id"/);
    assert.doesNotMatch(reply.body, /<form[^>]*method="post"/);
  }

  it('works once, of fifty at the same moment on two processes', async () => {
    const other = await app.startProcess();
    const { token, url } = await link();
    assert.equal((await visitor().open(url)).status, 200);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const origin = index % 2 ? other : app.issuer;
        return visitor().send(`${origin}/set-up/${token}`, { ...typed, email: `ada${index}@example.test` });
      }),
    );
    const statuses = answers.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 303).length, 1, statuses.join());
    // The losers: too late, or too many passwords to hash at once.
    assert.deepEqual(
      [...new Set(statuses)].filter((status) => ![303, 404, 503].includes(status)),
      [],
    );

    const [winner] = answers.flatMap(({ status }, index) => (status === 303 ? [index] : []));
    assert.deepEqual(await owners(typed.tenant_name), [
      { email: `ada${winner}@example.test`, slug: 'northwind-academies' },
    ]);
    const people = await app.db.raw('select count(*) as users, (select count(*) from tenants) as tenants from users');
    assert.deepEqual(people.rows[0], { users: 1, tenants: 1 });
    const events = await app
      .db('audit_events')
      .whereIn('action', ['tenant.created', 'setup_link.used'])
      .select('action');
    assert.equal(events.length, 2);
    assertFriendly(await visitor().open(url), 404);

    const party = await discover(app, await app.relyingParty());
    const { tokens } = await signIn(
      party,
      { email: `ada${winner}@example.test`, password: typed.password },
      { parameters: { scope: 'openid roles' } },
    );
    assert.ok(tokens.claims()?.sub);
  });

  it('leads the new owner to sign in with the password they chose', async () => {
    const { url } = await link();
    const browser = visitor();
    const page = await browser.open(url);
    const next = await browser.submit(page, { ...typed, tenant_name: 'Lakeside', email: 'grace@example.test' });
    assert.equal(new URL(next.url).pathname + new URL(next.url).search, '/set-up-done?tenant=lakeside');
    for (const command of ['clients create', 'invitations create --tenant lakeside', 'doctor'])
      assert.ok(next.body.replaceAll(/<\/?span>/g, '').includes(`npx gatehouse ${command}`), command);
    const signInPage = await browser.open(`${app.issuer}/account`);
    assert.match(signInPage.body, /name="password"/);
    const home = await browser.submit(signInPage, { login: 'Grace@Example.test', password: typed.password });
    assert.equal(home.status, 200);
    assert.equal(new URL(home.url).pathname, '/account');
    assert.match((await browser.open(`${app.issuer}/account/access`)).body, /Owner/);
    assert.match(home.body, /Lakeside/);
  });

  it('ends after a day, and says so', async () => {
    const { token, url } = await link();
    const expiry = await app.db('setup_links').orderBy('createdAt', 'desc').first('expiresAt', 'createdAt');
    assert.equal(Math.round((expiry.expiresAt - expiry.createdAt) / 1000), 86_400);
    await app.db.raw(`update setup_links set expires_at = now() where token_hash = sha256(?)`, [Buffer.from(token)]);
    assertFriendly(await visitor().open(url), 410);
    const late = await visitor().send(url, { ...typed, tenant_name: 'Too Late' });
    assertFriendly(late, 410);
    assert.deepEqual(await owners('Too Late'), []);
  });

  it('ends when it expires while the password is being hashed', async () => {
    const { token, url } = await link();
    await app.db.raw(
      `update setup_links set expires_at = now() + interval '1 millisecond' where token_hash = sha256(?)`,
      [Buffer.from(token)],
    );
    const answer = await visitor().send(url, { ...typed, tenant_name: 'Just Late' });
    assert.ok([404, 410].includes(answer.status), `${answer.status}`);
    assert.deepEqual(await owners('Just Late'), []);
  });

  it('takes the place of an earlier link for the same end', async () => {
    const first = await link();
    const second = await link();
    const named = await link({ email: 'invited@example.test' });
    assertFriendly(await visitor().open(first.url), 404);
    assert.equal((await visitor().open(second.url)).status, 200);
    assert.equal((await visitor().open(named.url)).status, 200);
  });

  it('is the same for every node that starts, and good until it is used', async () => {
    const { secrets } = app;
    const elsewhere = createSecrets(['a key that the next node was given, long enough', ...app.config.secretKeys]);
    const stranger = createSecrets(['a key that has never been in use here, and is long']);
    await app.db('setup_links').update({ revokedAt: new Date() });
    const nodes = await Promise.all(
      Array.from({ length: 8 }, () => firstSetupLink(app.db, { secrets, caller: systemCaller })),
    );
    const [token] = new Set(nodes.map((node) => node.token));
    assert.deepEqual(new Set(nodes.map((node) => node.token)), new Set([token]));
    assert.equal((await firstSetupLink(app.db, { secrets: elsewhere, caller: systemCaller })).token, token);
    // Neither does one that cannot know it take its place.
    assert.equal((await firstSetupLink(app.db, { secrets: stranger, caller: systemCaller })).token, undefined);
    assert.equal((await visitor().open(`${app.issuer}/set-up/${token}`)).status, 200);

    // In its last hour it is another's turn; an operator's own is left as it is.
    await app
      .db('setup_links')
      .where({ revokedAt: null })
      .update({ expiresAt: new Date(Date.now() + 3_500_000) });
    const next = await firstSetupLink(app.db, { secrets, caller: systemCaller });
    assert.ok(next.token !== undefined && next.token !== token);
    const { url } = await link();
    assert.equal((await firstSetupLink(app.db, { secrets, caller: systemCaller })).token, undefined);
    assert.equal((await visitor().open(url)).status, 200);
  });

  it('knows nobody’s guess', async () => {
    for (const guess of [randomToken(32), 'x', 'x'.repeat(2_000), '%00', '..%2f..'])
      assertFriendly(await visitor().send(`${app.issuer}/set-up/${guess}`), 404);
    assertFriendly(await visitor().send(`${app.issuer}/set-up/${randomToken(32)}`, typed), 404);
  });

  it('lets nobody guess for long', async () => {
    const guesser = visitor();
    const statuses: number[] = [];
    for (let n = 0; n < 25; n++) statuses.push((await guesser.send(`${app.issuer}/set-up/${randomToken(32)}`)).status);
    assert.deepEqual(statuses, [...Array(20).fill(404), ...Array(5).fill(429)]);
    const { url } = await link();
    const waiting = await guesser.send(url);
    assert.equal(waiting.status, 429);
    assert.match(String(waiting.headers['retry-after']), /^\d+$/);
    assert.equal((await visitor().send(url)).status, 200, 'another address is not held up');
  });

  const refused: [string, Record<string, string>, string][] = [
    ['a short password', { password: 'seven77' }, 'password'],
    ['a common password', { password: 'Password123!' }, 'password'],
    ['a password made of the address', { password: 'example.test ada' }, 'password'],
    ['a password made of the organisation', { password: 'northwind academies' }, 'password'],
    ['a password beyond all measure', { password: 'x'.repeat(129) }, 'password'],
    ['no password', { password: '' }, 'password'],
    ['no name', { full_name: '  ' }, 'full_name'],
    ['no organisation', { tenant_name: '' }, 'tenant_name'],
    ['an address that is none', { email: 'ada at example' }, 'email'],
    ['no address', { email: '' }, 'email'],
    ['a name that turns the text around', { full_name: 'Ada \u202e' }, 'full_name'],
    ['an organisation with a line break', { tenant_name: 'North\nwind' }, 'tenant_name'],
  ];
  for (const [what, wrong, field] of refused) {
    it(`says what is wrong with ${what}, and keeps the rest`, async () => {
      const { url } = await link();
      const browser = visitor();
      const values = { ...typed, full_name: 'Ada "the first" <Lovelace>', ...wrong };
      const page = await browser.send(url, values);
      assert.ok(page.status === 422 || page.status === 400, page.body);
      assert.match(page.body, new RegExp(`href="#${field}"`));
      assert.match(page.body, new RegExp(`id="${field}"[^>]*aria-invalid="true"`));
      const inputOf = (name: string) => new RegExp(`<input[^>]*name="${name}"[^>]*>`).exec(page.body)?.[0] ?? '';
      for (const [name, value] of Object.entries(values)) {
        if (name === 'password' || /[\n\u202e]/.test(value)) continue;
        const escaped =
          value.trim() === '' ? '' : value.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;');
        if (escaped) assert.ok(inputOf(name).includes(`value="${escaped}"`), `${name}: ${inputOf(name)}`);
      }
      if (values.password) assert.ok(!page.body.includes(values.password), 'the password does not come back');
      assert.doesNotMatch(inputOf('password'), /value="[^"]/);
      // The link is not used up by a mistake.
      const done = await browser.submit(
        page,
        { ...typed, tenant_name: `Set up ${what}`.slice(0, 60), email: `${field}-${visitors}@example.test` },
        { until: `${app.issuer}/set-up-done` },
      );
      assert.equal(done.status, 303, done.body);
    });
  }

  it('finds a free name for each organisation', async () => {
    const slugs: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { url } = await link();
      const answer = await visitor().send(url, {
        ...typed,
        tenant_name: 'Zoë & Söhne GmbH',
        email: `zoe${n}@example.test`,
      });
      assert.equal(answer.status, 303, answer.body);
      slugs.push(
        (await owners('Zoë & Söhne GmbH'))
          .map(({ slug }) => slug)
          .sort()
          .at(-1) ?? '',
      );
    }
    assert.deepEqual(slugs, ['zoe-sohne-gmbh', 'zoe-sohne-gmbh-2', 'zoe-sohne-gmbh-3']);
  });

  it('puts nothing into the page after it but the name of a tenant', async () => {
    for (const tenant of ['lakeside', 'x"><b>', 'a b', '-x', 'a;rm -rf', 'x'.repeat(64)]) {
      const page = await visitor().send(`${app.issuer}/set-up-done?tenant=${encodeURIComponent(tenant)}`);
      assert.equal(page.status, 200);
      const shown = tenant === 'lakeside' ? tenant : 'TENANT';
      assert.ok(page.body.includes(`<span>--tenant ${shown}</span>`), tenant);
    }
  });

  it('refuses a form of another site', async () => {
    const { url } = await link();
    const answer = await visitor().send(url, typed, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' });
    assert.equal(answer.status, 403);
    assert.equal((await visitor().send(url)).status, 200, 'the link is as good as before');
  });
});

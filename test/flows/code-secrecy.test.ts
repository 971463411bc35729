/**
 * What an attacker gets out of the pages that take addresses and codes: five tries at a code however many arrive at once,
 * and no word, header, cookie or moment by which an address with an account differs from one without.
 */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { createUser } from '../../src/domain/users/users.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { type MessagingApp, normalPage, startMessagingApp } from '../support/messaging-app.ts';
import { discover, type RelyingParty, redirectUri, startSignIn } from '../support/relying-party.ts';

const settings = { selfSignUp: true, countryList: ['CH'] };

describe('guessing a one-time code', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let party: RelyingParty;
  let tenant: NewTenant;
  /** Of two processes. */
  let origins: string[];
  before(async () => {
    stage = await startMessagingApp();
    tenant = await stage.app.tenant({ settings });
    party = await discover(stage.app, await stage.app.relyingParty({ tenantId: tenant.id }));
    origins = [stage.app.issuer, await stage.app.startProcess()];
  });
  after(() => stage?.stop());

  /** Asks for a code; answers a way to type codes in that very browser, as if from all over the world. */
  async function asked(email: string) {
    const browser = stage.visitor();
    const { base, checks } = await stage.begin(party, browser);
    const sent = await browser.send(`${base}/code`, { channel: 'email', address: email });
    assert.equal(sent.status, 303);
    const { code = '' } = await stage.mailbox.waitFor(email);
    let guesses = 0;
    const guess = (typed: string): Promise<Reply> => {
      guesses += 1;
      const address = `${base}/code/enter`.replace(stage.app.issuer, origins[guesses % 2] as string);
      const from = `203.0.${113 + (guesses >> 8)}.${guesses & 255}`;
      return browser.send(address, { code: typed }, { 'x-forwarded-for': from });
    };
    return { code, guess, browser, checks };
  }

  async function rowOf(email: string): Promise<{ attempts: number; used: boolean }> {
    const row = await stage.app.db('otp_codes').where({ destination: email }).first('attemptCount', 'consumedAt');
    return { attempts: row.attemptCount, used: row.consumedAt !== null };
  }

  const leadsOn = ({ status }: Reply) => status === 303;

  it('is tried five times at the most, of a thousand guesses at once on two processes', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    const { code, guess } = await asked(person.email);
    // All different, as of somebody who goes through them; the right one somewhere among them.
    const first = (Number(code) + 1_000_000 - 500) % 1_000_000;
    const guesses = Array.from({ length: 1_000 }, (_, n) => String((first + n) % 1_000_000).padStart(6, '0'));
    assert.ok(guesses.includes(code));
    const replies = await Promise.all(guesses.map(guess));

    const { attempts, used } = await rowOf(person.email);
    assert.ok(attempts <= 5, `${attempts} attempts`);
    const statuses = replies.map(({ status }) => status);
    const evaluated = statuses.filter((status) => status === 401).length + (used ? 1 : 0);
    assert.ok(evaluated <= attempts, `nobody is told of a comparison that was not counted: ${evaluated}, ${attempts}`);
    // Used up, slowed down, or too much for the connections that there are.
    const known = [303, 401, 410, 429, 503];
    assert.deepEqual(
      [...new Set(statuses)].filter((status) => !known.includes(status)),
      [],
    );
    if (!used) assert.deepEqual([replies.filter(leadsOn).length, attempts], [0, 5]);
    const late = await guess(code);
    assert.ok(used || [410, 429].includes(late.status), 'the right one comes too late');
  });

  it('gives one sign-in, of a hundred times the right one', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    const { code, guess, browser } = await asked(person.email);
    const replies = await Promise.all(Array.from({ length: 100 }, () => guess(code)));
    assert.deepEqual({ ...(await rowOf(person.email)), attempts: undefined }, { used: true, attempts: undefined });
    assert.ok((await rowOf(person.email)).attempts <= 5);
    const targets = new Set(replies.filter(leadsOn).map(({ location }) => new URL(String(location)).pathname));
    assert.equal(targets.size, 1, 'two clicks lead to the one sign-in that there is');
    const [target = ''] = targets;
    const back = await browser.follow(await browser.send(`${stage.app.issuer}${target}`), redirectUri);
    assert.match(back.location ?? '', /\?code=/);
    const events = await stage.app
      .db('audit_events')
      .where({ action: 'login.succeeded', entityId: person.id })
      .count({ events: '*' });
    assert.equal(events[0]?.events, 1);
  });
});

describe('an address that nobody has', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let party: RelyingParty;
  let tenant: NewTenant;
  before(async () => {
    stage = await startMessagingApp();
    tenant = await stage.app.tenant({ settings });
    party = await discover(stage.app, await stage.app.relyingParty({ tenantId: tenant.id }));
  });
  after(() => stage?.stop());

  let asked = 0;
  /** As long as any other, so that lengths can be compared. */
  const address = () => `somebody${String(++asked).padStart(4, '0')}@example.test`;

  /** All of an answer but what is random in every one: the same length in its place. */
  function comparable(reply: Reply, typed: string) {
    const { date, 'x-request-id': id, 'retry-after': wait, location, ...headers } = reply.headers;
    assert.ok(date && id);
    const mask = (text: string) =>
      text
        .replaceAll(encodeURIComponent(typed), 'TYPED')
        .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'REQUEST')
        .replace(/[\w-]{43}/g, 'RANDOM_43')
        .replace(/(?<==)[\w-]{20,42}(?=;|$)/g, 'RANDOM')
        .replace(/expires=[^;]+/g, 'expires=SOON');
    return {
      status: reply.status,
      headers: { ...headers, 'set-cookie': [headers['set-cookie'] ?? []].flat().map(mask) },
      waits: wait !== undefined,
      location: location && mask(String(location)),
      body: normalPage(reply, typed),
    };
  }

  /** What a visitor gets who asks for an address, types wrong codes, asks again, and comes again from elsewhere. */
  async function walk(step: 'code' | 'recovery' | 'sign-up', typed: string) {
    const browser = stage.visitor();
    const { base } = await stage.begin(party, browser);
    const form = { channel: 'email', address: typed };
    const replies: [string, Reply][] = [];
    const send = async (what: string, ...sent: Parameters<Browserless['send']>) => {
      const reply = await browser.send(...sent);
      replies.push([what, reply]);
      return reply;
    };
    const first = await send('asks', `${base}/${step}`, form);
    await send('reads', first.location as string);
    await stage.settled();
    await send('reads when it has arrived', first.location as string);
    if (step !== 'recovery') {
      const enter = first.location as string;
      for (const code of ['abcdef', '000000', '000000', '000000', '000000', '000000', '000000'])
        await send(`types ${code}`, enter, { code });
      await send('asks for another', `${base}/${step}/resend`, {});
      await send('goes on without', `${base}/${step}/profile`, { full_name: 'Mallory' });
    }
    await send('asks again', `${base}/${step}`, { ...form, address: ` ${typed}` });
    const other = stage.visitor();
    const theirs = await stage.begin(party, other);
    replies.push(['asks from elsewhere', await other.send(`${theirs.base}/${step}`, form)]);
    return replies.map(([what, reply]) => ({ what, ...comparable(reply, typed) }));
  }

  for (const [step, statuses] of [
    ['code', /^303 200 200 401 401 401 401 401 401 410 /],
    ['recovery', /^303 200 200 303 429$/],
    ['sign-up', /^303 200 200 401 401 401 401 401 401 410 /],
  ] as const)
    it(`is answered as any other: status, headers, cookies, body (${step})`, async () => {
      const known = await stage.app.person({ tenantId: tenant.id, email: address() });
      const unverified = await stage.app.person({ tenantId: tenant.id, email: address(), emailVerified: false });
      const inactive = await stage.app.person({ tenantId: tenant.id, email: address() });
      await stage.app.db('users').where({ id: inactive.id }).update({ state: 'inactive' });
      const elsewhere = await stage.app.person({ tenantId: (await stage.app.tenant()).id, email: address() });
      const expected = await walk(step, address());
      assert.match(expected.map(({ status }) => status).join(' '), statuses);
      for (const { email } of [known, unverified, inactive, elsewhere])
        assert.deepEqual(await walk(step, email), expected);
    });
});

describe('the time that an answer takes', function () {
  this.timeout(1_200_000);
  const pairs = 500;
  /** A tenant takes 100 in a minute; between two batches its count begins again. */
  const batch = 40;
  let app: TestApp;
  let tenant: NewTenant;
  let party: RelyingParty;
  before(async () => {
    // Nothing is sent: the jobs of both kinds of addresses wait in the queue, and what is measured is the request alone.
    app = await startTestApp({ mailbox: true, runJobs: false, env: { TRUSTED_PROXIES: '127.0.0.1/32,::1' } });
    tenant = await app.tenant({ settings });
    party = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
    const first = await createUser(
      app.db,
      { tenantId: tenant.id, email: 'known00000@example.test', emailVerified: true, fullName: 'Person' },
      { passwords: app.passwords, caller: systemCaller },
    );
    // 4,000 people like the first one, enough for every series.
    await app.db.raw(
      `insert into users (id, tenant_id, email, email_verified_at, full_name)
       select gen_random_uuid(), tenant_id, 'known' || lpad(n::text, 5, '0') || '@example.test', email_verified_at, full_name
         from users, generate_series(1, 8 * ?) n
        where id = ?`,
      [pairs, first.id],
    );
    await app.db.raw('analyze users');
  });
  after(() => app?.stop());

  let asked = 0;
  let people = 0;
  const addressOf = (kind: 'known' | 'empty', n: number) => `${kind}${String(n).padStart(5, '0')}@example.test`;

  function median(numbers: readonly number[]): number {
    const sorted = [...numbers].sort((left, right) => left - right);
    return sorted[Math.floor(sorted.length / 2)] as number;
  }

  async function begin() {
    const browser = new Browserless();
    const page = await browser.open((await startSignIn(party)).address.href, redirectUri);
    const [base = ''] = /^.*\/interaction\/[\w-]+/.exec(page.url) ?? [];
    return { browser, base };
  }

  /** Milliseconds of one POST, every time from another address. */
  async function timed(browser: Browserless, address: string, form: Record<string, string>, status: number) {
    asked += 1;
    const from = `198.${18 + (asked >> 14)}.${(asked >> 8) & 63}.${asked & 255}`;
    const began = process.hrtime.bigint();
    const reply = await browser.send(address, form, { 'x-forwarded-for': from });
    const took = Number(process.hrtime.bigint() - began) / 1e6;
    assert.equal(reply.status, status, reply.body);
    return took;
  }

  /** Interleaved, in alternating order, so that whatever slows the machine slows both. */
  async function compare(
    pairs: number,
    visit: (kind: 'known' | 'empty', n: number) => Promise<[what: string, took: number][]>,
    restore: () => Promise<void>,
  ): Promise<Record<string, { known: number[]; empty: number[] }>> {
    const times: Record<string, { known: number[]; empty: number[] }> = {};
    for (let pair = 0; pair < pairs; pair++) {
      if (pair % batch === 0) {
        await app.db('rate_limits').delete();
        await restore();
      }
      people += 1;
      const kinds = ['known', 'empty'] as const;
      for (const kind of pair % 2 ? kinds : kinds.toReversed())
        for (const [what, took] of await visit(kind, people)) {
          times[what] ??= { known: [], empty: [] };
          times[what][kind].push(took);
        }
    }
    return times;
  }

  /** What else runs on the machine can spoil one series; a leak shows in each. */
  async function assertAlike(measure: () => ReturnType<typeof compare>): Promise<void> {
    const said: string[] = [];
    for (let series = 0; series < 5; series++) {
      const different = Object.entries(await measure()).filter(([what, { known, empty }]) => {
        const [one, other] = [median(known), median(empty)];
        said.push(`${what}: ${one.toFixed(2)} ms known, ${other.toFixed(2)} ms unknown`);
        if (process.env.SHOW_TIMES) process.stdout.write(`      ${said.at(-1)}\n`);
        // Of fewer pairs the median itself is not sure enough for more.
        const share = known.length >= 250 ? 0.25 : 0.75;
        return Math.abs(one - other) >= share * Math.min(one, other);
      });
      if (different.length === 0) return;
    }
    assert.fail(said.join('; '));
  }

  it('says nothing of who has an account, when a code is asked for and typed', async () => {
    let visited: Awaited<ReturnType<typeof begin>>;
    await assertAlike(async () => {
      const times = await compare(
        pairs,
        async (kind, n) => {
          const { browser, base } = visited;
          const form = { channel: 'email', address: addressOf(kind, n) };
          const asking = await timed(browser, `${base}/code`, form, 303);
          // Every second; those that come first and those that come second in turn.
          if (n % 4 !== 0 && n % 4 !== 3) return [['asking for a code', asking]];
          const typing = await timed(browser, `${base}/code/enter`, { code: '000000' }, 401);
          return [
            ['asking for a code', asking],
            ['typing a wrong one', typing],
          ];
        },
        async () => {
          visited = await begin();
        },
      );
      assert.deepEqual(
        Object.entries(times).map(([what, { known, empty }]) => [what, known.length, empty.length]),
        [
          ['asking for a code', pairs, pairs],
          ['typing a wrong one', pairs / 2, pairs / 2],
        ],
      );
      return times;
    });
  });

  it('says nothing of it when a link or an account is asked for', async () => {
    for (const [what, step] of [
      ['asking for a link', 'recovery'],
      ['asking for an account', 'sign-up'],
    ] as const) {
      let visited: Awaited<ReturnType<typeof begin>>;
      const measure = () =>
        compare(
          120,
          async (kind, n) => {
            const { browser, base } = visited;
            const form = { channel: 'email', address: addressOf(kind, n) };
            return [[what, await timed(browser, `${base}/${step}`, form, 303)]];
          },
          async () => {
            visited = await begin();
          },
        );
      await assertAlike(measure);
    }
  });
});

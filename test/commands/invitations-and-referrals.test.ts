import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { acceptInvitation, findInvitation } from '../../src/domain/invitations/invitations.ts';
import { openPayload, sendMessageJob } from '../../src/domain/messages/outgoing-message.ts';
import { signInMethods } from '../../src/domain/methods/methods.ts';
import { createPasswordHasher } from '../../src/domain/methods/password/password-hash.ts';
import { createOrgNode } from '../../src/domain/organisation/org-nodes.ts';
import { completeReferral, recordReferral } from '../../src/domain/referrals/referrals.ts';
import { createTenant, type NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { createSecrets } from '../../src/platform/secrets.ts';
import { createUser } from '../support/factories.ts';
import { type CommandBench, createBench, type Run, runGatehouse } from './run-gatehouse.ts';

const server = { methods: signInMethods, channels: ['email'], phoneCountries: [] } as const;

describe('commands about invitations and referrals', function () {
  this.timeout(120_000);
  let bench: CommandBench;
  let acme: NewTenant;
  before(async () => {
    bench = await createBench({ SMTP_URL: 'smtp://127.0.0.1:1' });
    const settings = { countryList: ['CH'] };
    acme = await createTenant(bench.db, { slug: 'acme', name: 'Acme', settings }, systemCaller);
    const north = { tenantId: acme.id, parentId: acme.rootNodeId, type: 'region', name: 'North' };
    await createOrgNode(bench.db, north, systemCaller);
    await createTenant(bench.db, { slug: 'other', name: 'Other' }, systemCaller);
  });
  after(() => bench?.close());

  function secrets() {
    return createSecrets([bench.environment.SECRET_KEY ?? '']);
  }

  interface Queued {
    to: string;
    channel: string;
    locale: string;
    template: string;
    model: { href: string; place: string };
  }

  /** What waits for the running server, oldest first. */
  async function queued(to: string): Promise<Queued[]> {
    const { rows } = await bench.db.raw(
      `select payload from graphile_worker._private_jobs
        where task_id = (select id from graphile_worker._private_tasks where identifier = ?) order by id`,
      [sendMessageJob],
    );
    return (rows as { payload: unknown }[])
      .map(({ payload }) => openPayload(secrets(), sendMessageJob, payload).value as Queued)
      .filter((message) => message.to === to);
  }

  /** The token that waits to be sent, which the command must not have shown. */
  async function tokenFor(to: string, run: Run): Promise<string> {
    const href = (await queued(to)).at(-1)?.model.href ?? '';
    const token = /^http:\/\/localhost:3999\/invitations\/([\w-]{43})$/.exec(href)?.[1] ?? '';
    assert.ok(token, href);
    assert.ok(!`${run.stdout}${run.stderr}`.includes(token), 'the token is printed nowhere');
    return token;
  }

  it('invites an address through the queue, and shows no token', async () => {
    const run = await bench.run(
      'invitations create --tenant acme --email Ada@Example.com --role member@north --days 3 --locale fr --json',
    );
    assert.equal(run.code, 0, run.stderr);
    const { id, email, channel, role, node, state, tenant } = run.json;
    assert.deepEqual(
      [email, channel, role, node, state, tenant],
      ['ada@example.com', 'email', 'member', 'North', 'open', 'acme'],
    );
    const days = (Date.parse(run.json.expires_at) - Date.now()) / 86_400_000;
    assert.ok(days > 2.9 && days <= 3, `${days}`);
    const token = await tokenFor('ada@example.com', run);
    const [message] = await queued('ada@example.com');
    assert.deepEqual([message?.locale, message?.model.place], ['fr', 'North']);
    assert.equal((await findInvitation(bench.db, token, server)).inviterName, null);
    const [event] = await bench.db('audit_events').where({ entityId: id });
    assert.deepEqual([event.action, event.actorType], ['invitation.created', 'system']);

    const text = await bench.run('invitations create --tenant acme --email bo@example.com --role member');
    assert.match(
      text.stdout,
      /^bo@example\.com is invited; the running server sends the link\.\n\n {2}id +[0-9a-f-]{36}\n/,
    );
    await tokenFor('bo@example.com', text);
  });

  it('sends again, withdraws and lists', async () => {
    const made = await bench.run('invitations create --tenant acme --email cy@example.com --role admin --json');
    const first = await tokenFor('cy@example.com', made);
    const { id } = made.json;
    const soon = await bench.run(`invitations resend ${id} --tenant acme`);
    assert.equal(soon.code, 3);
    assert.match(soon.stderr, /^gatehouse: that is too often; try again in \d+ seconds \[TOO_MANY_ATTEMPTS\]\n$/);
    await bench
      .db('invitations')
      .where({ id })
      .update({ sentAt: new Date(0) });
    const again = await bench.run(`invitations resend ${id} --tenant acme --days 2 --json`);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(again.json.sent_count, 2);
    assert.notEqual(await tokenFor('cy@example.com', again), first);
    await assert.rejects(findInvitation(bench.db, first, server), { code: 'INVITATION_INVALID' });

    const elsewhere = await bench.run(`invitations revoke ${id} --tenant other --json`);
    assert.deepEqual(elsewhere.json.error, { code: 'NOT_FOUND', message: 'there is no such invitation' });
    const revoked = await bench.run(`invitations revoke ${id} --tenant acme --json`);
    assert.deepEqual(revoked.json, { id, tenant: 'acme', state: 'revoked' });
    const late = await bench.run(`invitations resend ${id} --tenant acme`);
    assert.match(late.stderr, /the invitation was withdrawn; make a new one \[INVITATION_REVOKED\]/);

    const [all, ended, table, none] = await Promise.all([
      bench.run('invitations list --tenant acme --json'),
      bench.run('invitations list --tenant acme --state revoked --json'),
      bench.run('invitations list --tenant acme --limit 1'),
      bench.run('invitations list --tenant other'),
    ]);
    assert.ok(all.json.invitations.length >= 1);
    assert.equal(all.json.next, null);
    assert.deepEqual(
      ended.json.invitations.map((one: { id: string; role: string; node: string }) => [one.id, one.role, one.node]),
      [[id, 'admin', 'Acme']],
    );
    assert.doesNotMatch(all.stdout, /token|hash/);
    assert.match(
      table.stdout,
      /^ADDRESS +ROLE +PLACE +STATE +UNTIL +ID\n.*\n\nThere may be more: --after [0-9a-f-]{36}\n$/,
    );
    assert.equal(none.stdout, 'No invitations.\n');
  });

  it('refuses what cannot be sent or does not fit together', async () => {
    const create = (words: string) => bench.run(`invitations create --tenant acme --role member ${words}`);
    const runs = await Promise.all([
      create(''),
      create('--email eve@example.com --phone +41791234567'),
      create('--email eve@example.com --channel sms'),
      create('--email eve@example.com --days 31'),
      create('--email "eve @example.com"'),
      create('--phone +41791234567'),
      bench.run('invitations create --tenant acme --role member@nowhere --email eve@example.com'),
      runGatehouse(['invitations', 'create', '--tenant', 'acme', '--role', 'member', '--email', 'eve@example.com'], {
        ...bench.environment,
        SMTP_URL: '',
      }),
    ]);
    const endings = runs.map(({ code, stderr }) => `${code} ${/\[(\w+)\]\n$/.exec(stderr)?.[1] ?? ''}`.trim());
    assert.deepEqual(endings, [
      ...['2', '2', '2', '2', '3 EMAIL_INVALID'],
      ...['3 CHANNEL_UNAVAILABLE', '3 NOT_FOUND', '3 CHANNEL_UNAVAILABLE'],
    ]);
    assert.match(runs.at(-1)?.stderr ?? '', /nothing can be sent by email: it needs a provider in the configuration/);
    assert.deepEqual(await queued('eve@example.com'), []);
    assert.equal((await bench.db('invitations').where({ email: 'eve@example.com' })).length, 0);
  });

  it('writes to phones where Twilio is configured', async () => {
    const environment = {
      ...bench.environment,
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: '0'.repeat(32),
      TWILIO_WHATSAPP_FROM: '+41791112233',
    };
    const words = 'invitations create --tenant acme --role member --json --phone'.split(' ');
    const run = await runGatehouse([...words, '079 123 45 67'], environment);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual([run.json.phone, run.json.channel], ['+41791234567', 'whatsapp']);
    await tokenFor('+41791234567', run);
    const foreign = await runGatehouse([...words, '+491701234567'], environment);
    assert.equal(foreign.json.error.code, 'PHONE_NOT_SUPPORTED');
  });

  it('lists more than the domain gives at once', async () => {
    const { id: tenantId, rootNodeId: orgNodeId, systemRoleIds } = acme;
    await bench.db.raw(
      `insert into invitations (tenant_id, email, channel, role_id, org_node_id, token_hash, expires_at)
       select ?, 'many-' || n || '@example.com', 'email', ?, ?, sha256(n::text::bytea), now()
         from generate_series(1, 230) n`,
      [tenantId, systemRoleIds.member, orgNodeId],
    );
    const run = await bench.run('invitations list --tenant acme --state expired --limit 220 --json');
    assert.equal(run.json.invitations.length, 220);
    const rest = await bench.run(
      `invitations list --tenant acme --state expired --limit 1000 --after ${run.json.next} --json`,
    );
    assert.equal(rest.json.invitations.length, 10);
    assert.equal(rest.json.next, null);
  });

  it('shows a person’s referral code, always the same, and who came by it', async () => {
    const { db } = bench;
    const referrer = await createUser(db, { tenantId: acme.id, email: 'ref@example.com' });
    const [first, text] = [
      await bench.run('referrals code ref@example.com --tenant acme --json'),
      await bench.run('referrals code ref@example.com --tenant acme'),
    ];
    assert.equal(first.code, 0, first.stderr);
    const { code, active, user_id: userId } = first.json;
    assert.deepEqual([active, userId], [true, referrer.id]);
    assert.match(text.stdout, new RegExp(`^ {2}code +${code}\n`));
    const people = [await createUser(db, { tenantId: acme.id }), await createUser(db, { tenantId: acme.id })];
    for (const { id } of people) await recordReferral(db, { tenantId: acme.id, userId: id, code }, systemCaller);
    await completeReferral(db, { tenantId: acme.id, userId: people[0]?.id ?? '' }, systemCaller);
    const [list, none, unknown] = await Promise.all([
      bench.run('referrals list --tenant acme --by ref@example.com --json'),
      bench.run('referrals list --tenant other'),
      bench.run('referrals code nobody@example.com --tenant acme --json'),
    ]);
    assert.deepEqual(
      list.json.referrals.map((one: { referred_user_id: string; status: string }) => [
        one.referred_user_id,
        one.status,
      ]),
      [
        [people[0]?.id, 'completed_signup'],
        [people[1]?.id, 'pending'],
      ],
    );
    assert.equal(none.stdout, 'Nobody was referred.\n');
    assert.equal(unknown.json.error.code, 'NOT_FOUND');
  });

  it('leads to a role that can be taken up', async () => {
    const run = await bench.run('invitations create --tenant acme --email fay@example.com --role owner --json');
    const token = await tokenFor('fay@example.com', run);
    const accepted = await acceptInvitation(
      bench.db,
      { token, fullName: 'Fay', locale: 'en' },
      {
        ...server,
        passwords: createPasswordHasher({ memoryKiB: 1024 }),
        secrets: secrets(),
        caller: systemCaller,
        issuer: 'http://localhost:3999',
      },
    );
    assert.equal(accepted.role, 'owner');
    const revoke = await bench.run(`invitations revoke ${run.json.id} --tenant acme --json`);
    assert.equal(revoke.json.error.code, 'INVITATION_ACCEPTED');
  });
});

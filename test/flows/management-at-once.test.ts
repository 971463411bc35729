/**
 * Operations with an effect that is to come once: asked for fifty times at once on two processes, and by a process that is
 * killed in the middle. One success or the same answer for all, and nothing half done.
 */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import * as make from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import { give, managementCapabilities, serviceToken } from '../support/management.ts';
import { personToken } from '../support/management-world.ts';
import { environmentOf, startServerProcess } from '../support/server-process.ts';
import { untilTaken } from '../support/until-taken.ts';

interface Asked {
  method?: string;
  path: string;
  body?: object;
  key?: string;
  /** Default: that of a service that may do everything. */
  token?: string;
}

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which say what they expect
  body: any;
}

describe('operations of management, many at once', function () {
  this.timeout(180_000);
  let app: TestApp;
  let origins: string[];
  let token: string;
  let tenantId: string;
  let rootId: string;
  let names = 0;
  const fresh = (word: string) => `${word}-${++names}`;

  before(async () => {
    app = await startTestApp({ mailbox: true });
    origins = [app.issuer, await app.startProcess()];
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    token = await serviceToken(app, { tenantId, capabilities: managementCapabilities });
  });
  after(() => app?.stop());

  async function ask(origin: string, { method = 'POST', path, body, key, ...as }: Asked): Promise<Answer> {
    const response = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${as.token ?? token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** Fifty times on both; what was too busy to be taken is asked for until it is. */
  async function fifty(asked: (n: number) => Asked): Promise<Answer[]> {
    const one = (n: number) => untilTaken(() => ask(origins[n % origins.length] as string, asked(n)));
    return Promise.all(Array.from({ length: 50 }, (_, n) => one(n)));
  }

  const withStatus = (answers: Answer[], status: number) => answers.filter((answer) => answer.status === status);
  const eventsOf = (entityId: string, action: string) => app.db('audit_events').where({ entityId, action });

  async function newPerson(): Promise<string> {
    return (await app.person({ tenantId })).id;
  }
  async function newRole(): Promise<string> {
    return (await make.createRole(app.db, { tenantId, name: fresh('role') })).id;
  }

  /** By operation: what makes something, and the event that tells of it. */
  const creates: Record<string, { event: string; asked(): Promise<Asked> }> = {
    'users.create': {
      event: 'user.created',
      asked: async () => ({ path: '/users', body: { email: `${fresh('hired')}@example.test` } }),
    },
    'org_nodes.create': {
      event: 'org_node.created',
      asked: async () => ({ path: '/org-nodes', body: { parent_id: rootId, type: 'school', name: fresh('school') } }),
    },
    'roles.create': {
      event: 'role.created',
      asked: async () => ({ path: '/roles', body: { name: fresh('role') } }),
    },
    'assignments.create': {
      event: 'role.assigned',
      asked: async () => {
        const body = { user_id: await newPerson(), role_id: await newRole(), org_node_id: rootId };
        return { path: '/assignments', body };
      },
    },
    'visibility_grants.create': {
      event: 'visibility.granted',
      asked: async () => {
        const body = { user_id: await newPerson(), org_node_id: rootId, access_scope: 'read' };
        return { path: '/visibility-grants', body };
      },
    },
    'invitations.create': {
      event: 'invitation.created',
      asked: async () => {
        const body = { email: `${fresh('guest')}@example.test`, role_id: await newRole(), org_node_id: rootId };
        return { path: '/invitations', body };
      },
    },
  };

  for (const [id, { event, asked }] of Object.entries(creates))
    it(`make one thing under one Idempotency-Key, and answer all the same: ${id}`, async () => {
      const wanted = { ...(await asked()), key: fresh('key') };
      const before = await app.db('audit_events').where({ action: event }).count();
      const answers = await fifty(() => wanted);
      assert.equal(withStatus(answers, 201).length, 50, JSON.stringify(answers.find(({ status }) => status !== 201)));
      for (const { body } of answers) assert.deepEqual(body, answers[0]?.body);
      const after = await app.db('audit_events').where({ action: event }).count();
      assert.equal(Number(after[0]?.count) - Number(before[0]?.count), 1);
    });

  /** Until no job is left that a test has brought about. */
  async function settled(): Promise<void> {
    await eventually(async () => {
      const jobs = await app.db.raw(
        `select count(*)::integer as waiting from graphile_worker.jobs where attempts < max_attempts`,
      );
      return jobs.rows[0].waiting === 0;
    }, 'nothing is left to send');
  }

  it('send one message to who is invited', async () => {
    const email = `${fresh('once')}@example.test`;
    const wanted = {
      path: '/invitations',
      body: { email, role_id: await newRole(), org_node_id: rootId },
      key: fresh('key'),
    };
    await fifty(() => wanted);
    await app.mailbox.waitFor(email);
    await settled();
    assert.equal(app.mailbox.to(email).length, 1);
  });

  it('let one of fifty succeed without a key, where two would be one too many', async () => {
    const held = { user_id: await newPerson(), role_id: await newRole(), org_node_id: rootId };
    const name = fresh('role');
    const email = `${fresh('hired')}@example.test`;
    const cases: [Asked, string][] = [
      [{ path: '/assignments', body: held }, 'PERIOD_OVERLAP'],
      [{ path: '/roles', body: { name } }, 'DUPLICATE'],
      [{ path: '/users', body: { email } }, 'DUPLICATE_EMAIL'],
    ];
    for (const [asked, code] of cases) {
      const answers = await fifty(() => asked);
      assert.equal(withStatus(answers, 201).length, 1, asked.path);
      const losers = withStatus(answers, 409);
      assert.equal(losers.length, 49, asked.path);
      for (const { body } of losers) assert.equal(body.code, code);
    }
  });

  it('do what is done already without a second event', async () => {
    const roleId = await newRole();
    const put = { method: 'PUT', path: `/roles/${roleId}/capabilities/org.read` };
    assert.equal((await fifty(() => put)).filter(({ status }) => status >= 300).length, 0);
    assert.equal((await eventsOf(roleId, 'role.capability_granted')).length, 1);
    const userId = await newPerson();
    const codes = await fifty(() => ({ method: 'PUT', path: `/users/${userId}/referral-code` }));
    assert.equal(new Set(codes.map(({ body }) => body.code)).size, 1);
    await fifty(() => ({ path: `/users/${userId}/deactivate` }));
    assert.equal((await eventsOf(userId, 'user.deactivated')).length, 1);
    await fifty(() => ({ method: 'DELETE', path: `/users/${userId}` }));
    assert.equal((await eventsOf(userId, 'user.deleted')).length, 1);
  });

  it('leave the last owner, whoever else goes at the same moment', async () => {
    const own = await app.tenant();
    const owners = [];
    for (let n = 0; n < 6; n++) {
      const person = await app.person({ tenantId: own.id });
      await give(app, { tenantId: own.id, userId: person.id, role: 'owner' });
      owners.push({ id: person.id, token: await personToken(app, person) });
    }
    const answers = await Promise.all(
      owners.map(({ id, token }, n) =>
        n % 2
          ? ask(origins[1] as string, { path: `/users/${id}/deactivate`, token })
          : ask(origins[0] as string, { method: 'DELETE', path: `/users/${id}`, token }),
      ),
    );
    const refused = answers.filter(({ status }) => status >= 300);
    assert.deepEqual(
      refused.map(({ body }) => body.code),
      ['LAST_OWNER'],
      JSON.stringify(refused),
    );
  });

  describe('of a process that is killed in the middle', () => {
    /** By operation: what is asked of the process that dies. Once the change is written and its event is not. */
    const dying: Record<string, () => Promise<Asked>> = {
      ...Object.fromEntries(Object.entries(creates).map(([id, { asked }]) => [id, asked])),
      'roles.capabilities.add': async () => ({
        method: 'PUT',
        path: `/roles/${await newRole()}/capabilities/org.read`,
      }),
      'users.deactivate': async () => ({ path: `/users/${await newPerson()}/deactivate` }),
    };
    const tables = ['users', 'org_nodes', 'roles', 'role_capabilities', 'org_assignments', 'visibility_grants'];
    const watched = [...tables, 'invitations', 'audit_events', 'idempotency_keys'];

    /** All that could be half done. */
    async function contents(): Promise<string> {
      const counts = await Promise.all(
        watched.map(async (table) => {
          const { rows } = await app.db.raw(`select count(*) as n, max(to_jsonb(t)::text) as last from ${table} t`);
          return [table, rows[0].n, rows[0].last];
        }),
      );
      // Not those of the schedule, which come by the clock.
      const { rows } = await app.db.raw(
        `select count(*) as n from graphile_worker.jobs where task_identifier = 'send-message'`,
      );
      return JSON.stringify([counts, rows[0].n]);
    }

    it('nothing stays, and another process does it under the same key', async () => {
      const requests = Object.entries(dying).map(async ([id, prepare]) => ({
        id,
        asked: { ...(await prepare()), key: fresh('key') },
      }));
      const wanted = await Promise.all(requests);
      const port = await freePort();
      // As the others: it could refuse an invitation that it has no way to send, before it is killed.
      const mail = { SMTP_URL: app.config.mail.smtpUrl as string };
      const victim = startServerProcess({ ...environmentOf(app, port), ...mail });
      await victim.ready();
      await settled();
      const before = await contents();
      const holding = await app.db.transaction();
      try {
        await holding.raw('lock table audit_events in share mode');
        const asked = wanted.map(({ asked }) => ask(victim.origin, asked).catch(() => undefined));
        await eventually(async () => {
          const { rows } = await app.db.raw(
            `select count(*)::integer as n from pg_locks l
              where not l.granted and l.database = (select oid from pg_database where datname = current_database())`,
          );
          return rows[0].n >= 4;
        }, 'requests wait with their change written');
        await victim.stop('SIGKILL');
        assert.deepEqual(new Set(await Promise.all(asked)), new Set([undefined]), 'nobody was answered');
      } finally {
        await holding.rollback();
      }
      await eventually(async () => {
        const { rows } = await app.db.raw(
          `select count(*)::integer as n from pg_stat_activity
            where datname = current_database() and (state like 'idle in transaction%' or wait_event_type = 'Lock')`,
        );
        return rows[0].n === 0;
      }, 'the transactions of the dead end');
      assert.equal(await contents(), before);
      for (const { id, asked } of wanted) {
        const answer = await ask(app.issuer, asked);
        assert.ok(answer.status < 300, `${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
        if (asked.path.split('/').length > 2) continue;
        assert.deepEqual(await ask(app.issuer, asked), answer, `${id}, once more`);
      }
    });
  });
});

/** Exports that somebody made or changed: each is refused as a whole, and nothing of it is there afterwards. */
import assert from 'node:assert/strict';
import { createApiKey } from '../../../src/domain/api-keys/api-keys.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createClient, createService } from '../../../src/domain/clients/clients.ts';
import { type MoveHeader, MoveWriter } from '../../../src/domain/moves/move-file.ts';
import { travellingTables } from '../../../src/domain/moves/travelling-tables.ts';
import { assignRole } from '../../../src/domain/organisation/org-assignments.ts';
import { sealAudit } from '../../../src/domain/seals/seal-events.ts';
import { rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import * as make from '../../support/factories.ts';
import { createInstallation, exported, type Installation, imported } from '../../support/moved-tenant.ts';
import { addEvents, hourMs, someHour } from '../../support/trail.ts';

type Row = Record<string, unknown>;
interface Lines {
  header: MoveHeader;
  rows: { table: string; row: Row }[];
}

describe('an export that is not to be taken', () => {
  let from: Awaited<ReturnType<typeof createInstallation>>;
  let to: Awaited<ReturnType<typeof createInstallation>>;
  let text: string;
  let tenantId: string;
  /** Of a tenant that was there before. */
  let theirs: { tenantId: string; userId: string; roleId: string; clientId: string; eventId: string };

  async function filled({ db }: Installation) {
    const { id } = await make.createTenant(db);
    const { id: userId } = await make.createUser(db, { tenantId: id });
    const role = await make.createRole(db, { tenantId: id, capabilities: ['users.read', 'lessons.plan'] });
    const node = await make.createNode(db, { tenantId: id });
    await assignRole(db, { tenantId: id, userId, roleId: role.id, orgNodeId: node.id }, systemCaller);
    const { client } = await createClient(
      db,
      {
        tenantId: id,
        kind: 'web',
        name: 'App',
        redirectUris: ['https://app.example.test/'],
        postLogoutRedirectUris: [],
        firstParty: true,
      },
      systemCaller,
    );
    await createService(db, { tenantId: id, name: 'Job', capabilities: ['users.read'] }, systemCaller);
    await createApiKey(
      db,
      { tenantId: id, orgNodeId: node.id, userId: null, name: 'K', capabilities: ['users.read'] },
      systemCaller,
    );
    const [{ id: eventId }] = await db('audit_events').where({ tenantId: id }).limit(1);
    return { tenantId: id, userId, roleId: role.id, clientId: client.id, eventId };
  }

  before(async () => {
    [from, to] = await Promise.all([
      createInstallation('https://old.example.test'),
      createInstallation('https://new.example.test'),
    ]);
    ({ tenantId } = await filled(from));
    const hour = someHour();
    await addEvents(from.db, { tenantId, hour, count: 5 });
    await sealAudit(from.db, from.secrets, { now: new Date(hour.getTime() + 2 * hourMs) });
    theirs = await filled(to);
    text = await exported(from, tenantId);
  });
  after(async () => {
    await Promise.all([from?.close(), to?.close()]);
  });

  function read(): Lines {
    const [first, ...rest] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    return { header: first, rows: rest.slice(0, -1) };
  }

  /** As whoever can write such a file would: with the right counts and the right hash. */
  function written({ header, rows: all }: Lines): string {
    const writer = new MoveWriter();
    const counts = Object.fromEntries(
      Object.keys(header.counts).map((table) => [table, all.filter((line) => line.table === table).length]),
    );
    const order = new Map(travellingTables.map(({ table }, n) => [table, n]));
    const sorted = [...all].sort((a, b) => (order.get(a.table) ?? 0) - (order.get(b.table) ?? 0));
    return [
      writer.header({ ...header, counts }),
      ...sorted.map(({ table, row }) => writer.row(table, JSON.stringify(row))),
      writer.end(),
    ].join('');
  }

  const first = (lines: Lines, table: string): Row => {
    const found = lines.rows.find((line) => line.table === table)?.row;
    assert.ok(found, table);
    return found;
  };

  async function refused(file: string, code: string, said?: RegExp): Promise<void> {
    const before = await contents();
    await assert.rejects(imported(to, file), (error: Error & { code?: string; params?: object }) => {
      assert.equal(error.code, code, `${error.message} ${JSON.stringify(error.params)}`);
      if (said) assert.match(JSON.stringify(error.params), said);
      return true;
    });
    assert.deepEqual(await contents(), before);
  }

  /** How many rows each table has. */
  async function contents(): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const { table } of travellingTables) found[table] = Number((await to.db(table).count())[0]?.count);
    return found;
  }

  it('as it was written, it is taken: what follows fails for what was changed alone', async () => {
    const same = written(read());
    await imported(to, same, { dryRun: true });
    assert.equal((await to.db('tenants').where({ id: tenantId })).length, 0, 'a dry run leaves nothing');
  });

  it('is changed, cut off, put in another order, or goes on', async () => {
    const name = /Tenant \d+/.exec(text)?.[0] as string;
    await refused(text.replaceAll(name, `${name}!`), 'MOVE_FILE_INVALID', /not as it was written/);
    const lines = text.trimEnd().split('\n');
    await refused(`${lines.slice(0, -1).join('\n')}\n`, 'MOVE_FILE_INVALID', /ends too early/);
    await refused(`${lines.slice(0, 20).join('\n')}\n`, 'MOVE_FILE_INVALID', /ends too early/);
    await refused(text.slice(0, -30), 'MOVE_FILE_INVALID', /ends too early/);
    await refused('', 'MOVE_FILE_INVALID', /ends too early/);
    await refused(`${text}${lines.at(-1)}\n`, 'MOVE_FILE_INVALID', /goes on/);
    const swapped = [...lines];
    [swapped[2], swapped[swapped.length - 2]] = [swapped.at(-2) as string, swapped[2] as string];
    await refused(`${swapped.join('\n')}\n`, 'MOVE_FILE_INVALID');
    await refused(
      `${lines[0]}\n{"table":"signing_keys","row":{}}\n`,
      'MOVE_FILE_INVALID',
      /out of its order|fewer rows/,
    );
  });

  it('says that it is what it is not', async () => {
    const told = (change: Partial<MoveHeader>) => written({ ...read(), header: { ...read().header, ...change } });
    await refused(told({ credentials: false }), 'MOVE_FILE_INVALID', /for reading/);
    await refused(told({ schema: '0001-tenants-and-users' }), 'MOVE_FILE_INVALID', /bring both to one version/);
    await refused(told({ format: 2 as never }), 'MOVE_FILE_INVALID', /format/);
    await refused(told({ moves_to: 'https://elsewhere.example.test' }), 'MOVE_FILE_INVALID', /it goes to/);
    await refused(told({ issuer: 'https://new.example.test' }), 'MOVE_FILE_INVALID', /this very issuer/);
    await refused(told({ tenant: { ...read().header.tenant, id: theirs.tenantId } }), 'MOVE_CONFLICT', /tenants/);
    const more = { ...read().header, more: true } as MoveHeader;
    await refused(written({ ...read(), header: more }), 'MOVE_FILE_INVALID', /more/);
    const endless = `${JSON.stringify(read().header)}\n{"table":"tenants","row":{"name":"${'x'.repeat(9 * 1024 * 1024)}`;
    await refused(endless, 'MOVE_FILE_INVALID', /too long/);
    const [head, ...rest] = text.split('\n');
    const fewer = { ...JSON.parse(head as string), counts: { ...read().header.counts, users: 0 } };
    await refused([JSON.stringify(fewer), ...rest].join('\n'), 'MOVE_FILE_INVALID', /more rows of users/);
  });

  const smuggled: [string, string, (row: Row) => void][] = [
    [
      'a person of another tenant',
      'users',
      (row) => {
        row.tenant_id = theirs.tenantId;
      },
    ],
    [
      'a person in the place of one who is there',
      'users',
      (row) => {
        row.id = theirs.userId;
      },
    ],
    [
      'a role of another tenant',
      'roles',
      (row) => {
        row.tenant_id = theirs.tenantId;
      },
    ],
    [
      'a role for somebody of another tenant',
      'org_assignments',
      (row) => {
        row.user_id = theirs.userId;
      },
    ],
    [
      'what a role of another tenant carries',
      'role_capabilities',
      (row) => {
        row.role_id = theirs.roleId;
      },
    ],
    [
      'a secret for an application of another tenant',
      'client_secrets',
      (row) => {
        row.client_id = theirs.clientId;
      },
    ],
    [
      'what an application of another tenant may ask for',
      'client_capabilities',
      (row) => {
        row.client_id = theirs.clientId;
      },
    ],
    [
      'a capability that is not there',
      'client_capabilities',
      (row) => {
        row.capability = 'no.such';
      },
    ],
    [
      'a capability of the program that it does not have',
      'capabilities',
      (row) => {
        Object.assign(row, { key: 'everything.do', is_system: true });
      },
    ],
    [
      'one of the program as one of its own',
      'capabilities',
      (row) => {
        Object.assign(row, { is_system: row.is_system !== true });
      },
    ],
    [
      'an event of another tenant',
      'audit_events',
      (row) => {
        row.tenant_id = theirs.tenantId;
      },
    ],
    [
      'an event of no tenant',
      'audit_events',
      (row) => {
        row.tenant_id = null;
      },
    ],
    [
      'an event that another tenant has',
      'audit_events',
      (row) => {
        row.id = theirs.eventId;
      },
    ],
    [
      'a past of somebody of another tenant',
      'users_history',
      (row) => {
        row.id = theirs.userId;
      },
    ],
    [
      'a past of another tenant',
      'users_history',
      (row) => {
        row.tenant_id = theirs.tenantId;
      },
    ],
    [
      'a past role of somebody of another tenant',
      'org_assignments_history',
      (row) => {
        row.user_id = theirs.userId;
      },
    ],
    [
      'another past of a capability',
      'tenants_history',
      (row) => {
        row.id = theirs.tenantId;
      },
    ],
    [
      'a seal of another tenant',
      'audit_seals',
      (row) => {
        row.tenant_id = theirs.tenantId;
      },
    ],
    [
      'a seal of the server',
      'audit_seals',
      (row) => {
        row.tenant_id = null;
      },
    ],
    [
      'a value of another type',
      'users',
      (row) => {
        row.mfa_required = 'perhaps';
      },
    ],
  ];
  for (const [what, table, change] of smuggled)
    it(`holds ${what}`, async () => {
      const lines = read();
      change(first(lines, table));
      await refused(written(lines), 'MOVE_CONFLICT', new RegExp(`"table":"${table}"`));
    });

  it('holds seals that nobody signed, or that are not of their leaves', async () => {
    const cases: [string, (row: Row) => void, RegExp][] = [
      [
        'audit_seals',
        (row) => {
          row.events = 6;
        },
        /no chain/,
      ],
      [
        'audit_seals',
        (row) => {
          row.number = 7;
        },
        /no chain/,
      ],
      [
        'audit_leaves',
        (row) => {
          row.hashes = String(row.hashes).replace(/[0-9a-f]{4}$/, 'ffff');
        },
        /no chain/,
      ],
    ];
    for (const [table, change, said] of cases) {
      const lines = read();
      change(first(lines, table));
      await refused(written(lines), 'MOVE_FILE_INVALID', said);
    }
    const lines = read();
    first(lines, 'audit_seal_keys').kid = 'another';
    await refused(written(lines), 'MOVE_CONFLICT', /audit_seal_keys/);
  });

  it('cannot make the tenant the one that runs the server, nor let it in', async () => {
    const lines = read();
    Object.assign(first(lines, 'tenants'), { is_platform: true, state: 'active', arrived_at: null });
    await imported(to, written(lines));
    const [tenant] = await to.db('tenants').where({ id: tenantId });
    assert.deepEqual([tenant.isPlatform, tenant.state, tenant.arrivedAt instanceof Date], [false, 'suspended', true]);
    const counted = await contents();
    assert.equal((await imported(to, written(lines))).isUnchanged, true, 'the same again changes nothing');
    assert.deepEqual(await contents(), counted);
    const other = read();
    Object.assign(first(other, 'users'), { full_name: 'Somebody Else' });
    await refused(written(other), 'MOVE_FILE_INVALID', /another export of that id/);
    const renamed = read();
    renamed.header.export_id = newId();
    await refused(written(renamed), 'MOVE_CONFLICT', /tenants/);
  });

  it('finds the past closed, once the tenant is there', async () => {
    for (const id of [tenantId, theirs.tenantId])
      await assert.rejects(
        rows(to.db, `select receive_access_history(:id, 'users_history', '[]'::jsonb)`, { id }),
        /comes in with it alone/,
      );
  });
});

/** Writers and readers of the large tables that never stop, and who of them waits for a lock, and for how long: for bench/migrations.ts. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import pg from 'pg';

export type Role = 'writer' | 'reader';

/** Milliseconds. */
export interface Waits {
  /** For a lock, as far as it was looked at: what it was at the last look, and at most, until the look that found it gone. */
  lock: { seen: number; atMost: number; table: string };
  /** By the clock, one statement: with waiting for the processor and for the disk. */
  clock: number;
  statements: number;
}

type Work = (client: pg.Client, ask: (sql: string, values?: unknown[]) => Promise<pg.QueryResult>) => Promise<void>;

interface Known {
  tenantId: string;
  clientId: string;
  serviceId: string;
  roleId: string;
  nodeId: string;
  userIds: string[];
}

async function lookUp(client: pg.Client): Promise<Known> {
  const { rows } = await client.query(`
    select t.id as "tenantId", r.id as "roleId", n.id as "nodeId",
           (select client_id from clients where tenant_id = t.id and kind = 'web') as "clientId",
           (select id from clients where tenant_id = t.id and kind = 'service') as "serviceId",
           array(select id::text from users where tenant_id = t.id limit 5000) as "userIds"
      from tenants t
      join roles r     on r.tenant_id = t.id
      join org_nodes n on n.tenant_id = t.id and n.parent_id is null
     where t.slug = 'bench'`);
  return rows[0];
}

function works({ tenantId, clientId, serviceId, roleId, nodeId, userIds }: Known): Record<Role, Work[]> {
  const someone = () => userIds[Math.floor(Math.random() * userIds.length)];
  const event = `insert into audit_events (tenant_id, actor_type, actor_id, action) values ($1, 'user', $2, 'test.bench')`;
  const payload = `insert into oidc_payloads (model, id_hash, payload, client_id, expires_at)
    values ('ClientCredentials', sha256(gen_random_uuid()::text::bytea), decode(repeat('ab', 300), 'hex'), $1, now() + interval '1 hour') returning id_hash`;
  const signIn: Work = async (_client, ask) => {
    const user = someone();
    await ask('begin');
    await ask('select id, state from users where tenant_id = $1 and id = $2 for key share', [tenantId, user]);
    await ask('select id, settings from tenants where id = $1', [tenantId]);
    const { rows } = await ask(
      `insert into user_sessions (tenant_id, user_id, oidc_session_uid_hash, expires_at)
       values ($1, $2, sha256(gen_random_uuid()::text::bytea), now() + interval '1 hour') returning id`,
      [tenantId, user],
    );
    await ask(
      'insert into session_clients (tenant_id, user_session_id, client_id, sid) values ($1, $2, $3, gen_random_uuid()::text)',
      [tenantId, rows[0].id, clientId],
    );
    await ask(payload, [clientId]);
    await ask(event, [tenantId, user]);
    await ask('commit');
  };
  const service: Work = async (_client, ask) => {
    const { rows } = await ask(payload, [clientId]);
    await ask(
      `insert into service_sessions (tenant_id, client_id, jti, expires_at) values ($1, $2, gen_random_uuid()::text, now() + interval '1 hour')`,
      [tenantId, serviceId],
    );
    await ask(event, [tenantId, serviceId]);
    await ask('delete from oidc_payloads where id_hash = $1', [rows[0].id_hash]);
  };
  const administer: Work = async (_client, ask) => {
    const user = someone();
    await ask(`update users set full_name = 'Changed ' || random() where tenant_id = $1 and id = $2`, [tenantId, user]);
    await ask('begin');
    await ask(`update tenants set name = 'Bench ' || random() where id = $1`, [tenantId]);
    await ask('commit');
    await ask(
      `update org_assignments set ends_at = now() + interval '1 year' where tenant_id = $1 and user_id = $2 and role_id = $3 and org_node_id = $4`,
      [tenantId, user, roleId, nodeId],
    );
    await ask(event, [tenantId, user]);
  };
  const look: Work = async (_client, ask) => {
    const user = someone();
    await ask('select id, full_name from users where tenant_id = $1 and id = $2', [tenantId, user]);
    await ask('select id, expires_at from user_sessions where tenant_id = $1 and user_id = $2 limit 5', [
      tenantId,
      user,
    ]);
    await ask('select id, name from tenants where slug = $1', ['bench']);
    await ask('select model, payload from oidc_payloads where account_id = $1 limit 5', [user]);
    await ask('select valid_from from org_assignments_history where tenant_id = $1 and user_id = $2 limit 5', [
      tenantId,
      user,
    ]);
    await ask(
      'select id, action from audit_events where tenant_id = $1 and occurred_at > now() - interval $$1 minute$$ limit 20',
      [tenantId],
    );
  };
  /** An export holds its tables for a while. */
  const read: Work = async (_client, ask) => {
    await ask('begin');
    await ask('select id, full_name from users where tenant_id = $1 order by id limit 100', [tenantId]);
    await ask('select id, action from audit_events where tenant_id = $1 limit 100', [tenantId]);
    await ask('select model from oidc_payloads limit 100');
    await sleep(150);
    await ask('select id, name from tenants where id = $1', [tenantId]);
    await ask('commit');
    await sleep(400 * Math.random());
  };
  return { writer: [signIn, service, administer], reader: [look, look, read] };
}

const nobody = (): Waits => ({ lock: { seen: 0, atMost: 0, table: '' }, clock: 0, statements: 0 });

/** Starts them in a thread of their own, so that who migrates does not wait for them, nor they for him. */
export async function startWaiting(url: string) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { waitingAt: url } });
  const failed = once(worker, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  const ask = async (what: string) => {
    const answer = once(worker, 'message');
    worker.postMessage(what);
    return (await Promise.race([answer, failed]))[0];
  };
  return {
    /** What was since the last call. */
    take: (): Promise<Record<Role, Waits>> => ask('take'),
    stop: (): Promise<void> => ask('stop'),
  };
}

async function keepWorking(url: string): Promise<void> {
  const clients: pg.Client[] = [];
  const connect = async () => {
    const client = new pg.Client({ connectionString: url });
    // Told by the query that fails.
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  };
  const watcher = await connect();
  const known = await lookUp(watcher);
  const roles = new Map<number, Role>();
  let waits: Record<Role, Waits> = { writer: nobody(), reader: nobody() };
  let isOver = false;

  async function keepDoing(role: Role, work: Work): Promise<void> {
    const client = await connect();
    const { rows } = await client.query('select pg_backend_pid() as pid');
    roles.set(rows[0].pid, role);
    const ask = async (sql: string, values?: unknown[]) => {
      const start = performance.now();
      const result = await client.query(sql, values);
      waits[role].clock = Math.max(waits[role].clock, performance.now() - start);
      waits[role].statements++;
      return result;
    };
    while (!isOver) await work(client, ask);
  }

  /** Every 5 ms, and as much later as the machine lets it. */
  async function watch(): Promise<void> {
    let before = new Map<string, { role: Role; ms: number; table: string }>();
    let last = performance.now();
    while (!isOver) {
      const { rows } = await watcher.query({
        name: 'waits',
        text: `select pid, waitstart::text, coalesce(relation::regclass::text, locktype) as "table",
                      extract(epoch from clock_timestamp() - waitstart) * 1000 as ms
                 from pg_locks
                where not granted and waitstart is not null`,
      });
      const now = performance.now();
      const found = new Map<string, { role: Role; ms: number; table: string }>();
      for (const { pid, waitstart, table, ms } of rows) {
        const role = roles.get(pid);
        if (role) found.set(`${pid} ${waitstart}`, { role, ms: Number(ms), table });
      }
      for (const [key, { role, ms, table }] of before) {
        if (found.has(key) || ms <= waits[role].lock.seen) continue;
        waits[role].lock = { seen: ms, atMost: ms + now - last, table };
      }
      before = found;
      last = now;
      await sleep(5);
    }
  }

  const all = works(known);
  const working = Promise.all([
    watch(),
    ...all.writer.map((work) => keepDoing('writer', work)),
    ...all.reader.map((work) => keepDoing('reader', work)),
  ]);
  parentPort?.on('message', async (what) => {
    if (what === 'take') {
      parentPort?.postMessage(waits);
      waits = { writer: nobody(), reader: nobody() };
      return;
    }
    isOver = true;
    await working;
    for (const client of clients) await client.end();
    parentPort?.postMessage('stopped');
    parentPort?.close();
  });
  // What fails ends the thread, and the bench.
  await working;
}

if (!isMainThread && workerData?.waitingAt) await keepWorking(workerData.waitingAt);

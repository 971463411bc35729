/**
 * `node bench/outbox.ts [EVENTS]`: events of 500 subjects to one webhook, while two senders are killed with -9 in turn every eight
 * seconds and all connections to the database are cut every ten. Says how long it took, how many came, how many twice, and whether any was
 * lost or came in the wrong order.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { tell } from '../src/domain/events/outbox.ts';
import { createWebhook } from '../src/domain/webhooks/webhooks.ts';
import * as make from '../test/support/factories.ts';
import { processorSeconds } from './processor-time.ts';
import { onTestServer } from './test-server.ts';

const events = Number(process.argv[2] ?? 100_000);
const subjects = Array.from({ length: 500 }, () => randomUUID());

await onTestServer(async (app) => {
  const reached = new Map<string, number>();
  let [came, twice, wrong, distinct] = [0, 0, 0, 0];
  const server = createServer(async (req, res) => {
    const { data } = JSON.parse(await text(req));
    const [subject, n] = [String(data.user_id), Number(data.changed[0])];
    const before = reached.get(subject) ?? -1;
    came += 1;
    if (n <= before) twice += 1;
    if (n > before + 1 || n < before) wrong += 1;
    if (n === before + 1) distinct += 1;
    reached.set(subject, Math.max(before, n));
    res.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { id: tenantId } = await make.createTenant(app.db);
  const how = { secrets: app.secrets, allowHttp: true, caller: systemCaller };
  await createWebhook(app.db, { tenantId, name: 'Bench', url, types: ['user.updated'] }, how);

  const env = { ...process.env, SENDER_DATABASE_URL: app.databaseUrl, SENDER_SECRET: app.config.secretKeys[0] };
  const start = () => fork(new URL('../test/support/sender-process.ts', import.meta.url), { env });
  const senders: ChildProcess[] = [start(), start()];
  let [kills, cuts, processor] = [0, 0, 0];
  const end = (sender: ChildProcess | undefined) => {
    if (sender?.pid) processor += processorSeconds(sender.pid);
    sender?.kill('SIGKILL');
  };
  const killing = setInterval(() => {
    const index = kills++ % 2;
    end(senders[index]);
    senders[index] = start();
  }, 8_000);
  const cutting = setInterval(() => {
    cuts += 1;
    const others = 'datname = current_database() and pid <> pg_backend_pid()';
    app.db.raw(`select pg_terminate_backend(pid) from pg_stat_activity where ${others}`).catch(() => {});
  }, 10_000);

  const startedAt = performance.now();
  const write = async (subject: string, n: number): Promise<void> => {
    const event = {
      tenantId,
      type: 'user.updated',
      subjectId: subject,
      data: { user_id: subject, changed: [String(n)] },
    } as const;
    // One that was cut off may have been written: its key says so.
    const once = { ...event, onceKey: `${subject}:${n}` };
    await tell(app.db, once).catch(() => sleep(100).then(() => write(subject, n)));
  };
  for (let n = 0; n < events / subjects.length; n++)
    for (let from = 0; from < subjects.length; from += 25)
      await Promise.all(subjects.slice(from, from + 25).map((subject) => write(subject, n)));
  console.log(`written after ${Math.round((performance.now() - startedAt) / 1000)} s`);
  while (distinct < events && performance.now() - startedAt < 1_800_000) await sleep(200);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  clearInterval(killing);
  clearInterval(cutting);
  for (const sender of senders) end(sender);
  server.close();
  console.log({
    events,
    seconds,
    came,
    twice,
    lost: events - distinct,
    wrong,
    kills,
    cuts,
    'processor seconds of senders': Math.round(processor),
  });
});

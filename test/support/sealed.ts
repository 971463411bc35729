/** Opens everything that a database holds sealed, by the keys of the test: what a thief of database and keys would read. */
import { openPayload as openJob } from '../../src/domain/messages/outgoing-message.ts';
import { openRequest } from '../../src/domain/methods/federation/federation-requests.ts';
import { openPayload } from '../../src/oidc/storage/sealing.ts';
import { rows } from '../../src/platform/database.ts';
import { defineSecretPurpose } from '../../src/platform/secrets.ts';
import type { TestApp } from './app.ts';

const repeatedRequests = defineSecretPurpose('repeated-requests');

/** The opened contents as text, by the table. @throws where one of them does not open */
export async function openedContents({ db, secrets }: TestApp): Promise<Map<string, string>> {
  const opened = new Map<string, string[]>();
  const add = (name: string, value: unknown) => {
    if (value === undefined) throw new Error(`${name}: a row that does not open`);
    opened.set(name, [...(opened.get(name) ?? []), typeof value === 'string' ? value : JSON.stringify(value)]);
  };
  const payloads = await rows<{ model: string; idHash: Buffer; payload: Buffer }>(
    db,
    "select model, id_hash, payload from oidc_payloads where model not in ('ReplayDetection', 'ClientAssertion')",
    [],
  );
  for (const { model, idHash, payload } of payloads)
    if (payload.length > 0) add('oidc_payloads', openPayload(secrets, model, { idHash, payload, consumed: false }));
  const jobs = await rows<{ name: string; payload: object }>(
    db,
    `select t.identifier as name, j.payload
       from graphile_worker._private_jobs j
       join graphile_worker._private_tasks t on t.id = j.task_id
      where j.payload::jsonb ? 'sealed'`.replace('? ', '\\? '),
    {},
  );
  for (const { name, payload } of jobs) add('jobs', openJob(secrets, name, payload).value);
  const requests = await rows<{ id: string; sealed: Buffer }>(db, 'select id, sealed from federation_requests', []);
  for (const request of requests) add('federation_requests', openRequest(secrets, request));
  const answers = await rows<{ actorHash: Buffer; keyHash: Buffer; answer: Buffer }>(
    db,
    'select actor_hash, key_hash, answer from idempotency_keys where answer is not null',
    [],
  );
  for (const { actorHash, keyHash, answer } of answers)
    add(
      'idempotency_keys',
      secrets.open(repeatedRequests, answer, `${actorHash.toString('hex')}:${keyHash.toString('hex')}`),
    );
  return new Map([...opened].map(([name, texts]) => [name, texts.join('\n')]));
}

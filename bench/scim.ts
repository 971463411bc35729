/**
 * What a directory asks in a tenant of 10^5 people (large-tenant.ts), over HTTP: one person by each filter that directories use, pages at the
 * beginning and at the far end. `node bench/scim.ts`.
 */
import { askingScim, provisioningCapabilities, scimBearer } from '../test/support/scim.ts';
import { fillLargeTenant } from './large-tenant.ts';
import { measure } from './measure.ts';
import { onTestServer } from './test-server.ts';

const people = 100_000;
const times = Number(process.argv[2] ?? 30);

await onTestServer(async (app, db) => {
  const tenant = await app.tenant();
  const { id: tenantId } = tenant;
  await fillLargeTenant(db, tenant, { nodes: 1_000, users: people, assignments: people });
  await db.transaction(async (trx) => {
    await trx.raw('set local statement_timeout = 0');
    await trx.raw('alter table users disable trigger user');
    await trx.raw(
      `update users set external_id = 'external-' || id, username = 'login-' || split_part(email, '@', 1) where tenant_id = ?`,
      [tenantId],
    );
    await trx.raw('alter table users enable trigger user');
  });
  await db.raw('vacuum analyze');
  const bearer = await scimBearer(app, { tenantId, capabilities: provisioningCapabilities });
  const ask = askingScim(app, bearer);
  const filled = await db('users')
    .where({ tenantId })
    .whereNotNull('external_id')
    .limit(2_000)
    .select('id', 'email', 'username', 'external_id');
  const one = (n: number) => filled[(n * 7) % filled.length];
  const get = (path: string) => async () => {
    const { status, body } = await ask('GET', path);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return (body.Resources ?? [body]) as object[];
  };
  const by = (filter: string, more = '') => get(`/Users?filter=${encodeURIComponent(filter)}${more}`)();
  const read = (name: string, question: (n: number) => Promise<object[]>) => measure(name, times, question, db);

  await read('a person by userName, an address', (n) => by(`userName eq "${one(n).email}"`));
  await read('a person by userName, a name', (n) => by(`userName eq "${one(n).username}"`));
  await read('a person by externalId', (n) => by(`externalId eq "${one(n).externalId}"`));
  await read('a person by emails.value', (n) => by(`emails.value eq "${one(n).email}"`));
  await read('a person by emails[type eq "work"].value', (n) =>
    by(`emails[type eq "work" and value eq "${one(n).email}"]`),
  );
  await read('nobody by userName', (n) => by(`userName eq "nobody-${n}@example.test"`));
  await read('userName sw "login-person-99"', () => by('userName sw "login-person-99"', '&count=100'));
  await read('meta.lastModified gt a moment ago', () =>
    by(`meta.lastModified gt "${new Date(Date.now() - 1000).toISOString()}"`),
  );
  await read('a person by their id', (n) => get(`/Users/${one(n).id}`)());
  for (const start of [1, people / 2, people - 100])
    await read(`100 people from number ${start}`, get(`/Users?startIndex=${start}&count=100`));
  await read('how many people there are', get('/Users?count=0'));
});

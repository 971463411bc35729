/** Two servers with a database and a SECRET_KEY each, and a tenant that moves from one to the other. */
import { loadConfig } from '../../src/config.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { activateTenant, moveTenantAway } from '../../src/domain/lifecycle/end-tenant.ts';
import { type ExportOptions, exportTenant } from '../../src/domain/moves/export-tenant.ts';
import { type ImportedTenant, type ImportOptions, importTenant } from '../../src/domain/moves/import-tenant.ts';
import { findTenantById, type Tenant } from '../../src/domain/tenants/tenants.ts';
import { createArrivalCheck } from '../../src/oidc/client-registration.ts';
import { createDatabase } from '../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp, type TestAppOptions } from './app.ts';
import { createTestDatabase } from './database.ts';

export type Installation = Pick<TestApp, 'db' | 'issuer' | 'secrets' | 'config'>;

/** A server whose secrets are its own: what another one sealed it cannot open. */
export async function startOtherServer(options: TestAppOptions = {}): Promise<TestApp> {
  return startTestApp({ ...options, env: { ...options.env, SECRET_KEY: randomToken(36) } });
}

export async function tenantAt({ db }: Installation, tenantId: string): Promise<Tenant> {
  const tenant = await findTenantById(db, tenantId);
  if (!tenant) throw new Error('no such tenant');
  return tenant;
}

/** The whole text of an export. */
export async function exported(
  from: Installation,
  tenantId: string,
  options: Partial<ExportOptions> = {},
): Promise<string> {
  const { db, secrets, issuer, config } = from;
  let text = '';
  const retentionDays = config.auditRetentionDays;
  const given = { secrets, caller: systemCaller, issuer, product: 'test', retentionDays, ...options };
  for await (const lines of exportTenant(db, await tenantAt(from, tenantId), given)) text += lines;
  return text;
}

export async function* asBytes(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  // Of a length that no line has.
  for (let at = 0; at < bytes.length; at += 7_919) yield bytes.subarray(at, at + 7_919);
}

/** As the command line has them. */
export async function importOptions({ db, secrets, issuer, config }: Installation): Promise<ImportOptions> {
  return {
    ...{ secrets, caller: systemCaller, retentionDays: config.auditRetentionDays },
    rules: { ownAddress: issuer, allowHttp: !config.isProduction, argon2: config.argon2 },
    alsoCheck: { clients: await createArrivalCheck({ config, db, secrets }) },
  };
}

/** A database with a SECRET_KEY of its own, and no server. `close` drops it. */
export async function createInstallation(issuer: string): Promise<Installation & { close(): Promise<void> }> {
  const database = await createTestDatabase();
  const key = randomToken(36);
  const env = { NODE_ENV: 'production', DATABASE_URL: database.url, ISSUER: issuer, SECRET_KEY: key };
  const config = loadConfig(env);
  const db = createDatabase({ url: database.url });
  const close = async () => {
    await db.destroy();
    await database.drop();
  };
  return { db, issuer, secrets: createSecrets([key]), config, close };
}

export async function imported(
  into: Installation,
  text: string,
  options: Partial<ImportOptions> = {},
): Promise<ImportedTenant> {
  return importTenant(into.db, asBytes(text), { ...(await importOptions(into)), ...options });
}

/** Closed at one, put into the other, let in there. */
export async function moveTenant(from: Installation, to: Installation, tenantId: string): Promise<string> {
  await moveTenantAway(from.db, { tenantId, issuer: to.issuer }, systemCaller);
  const text = await exported(from, tenantId);
  await imported(to, text);
  await activateTenant(to.db, tenantId, systemCaller);
  return text;
}

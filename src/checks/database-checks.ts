/** What is asked of the database. Reads alone: nothing is migrated, made or repaired. */
import { findUnsentMessages } from '../domain/messages/unsent-messages.ts';
import { findSealState } from '../domain/seals/seal-events.ts';
import { listSealKeys, openSealKeys } from '../domain/seals/seal-keys.ts';
import { needsSetup } from '../domain/setup/setup-links.ts';
import { countTenantsWithCountries } from '../domain/tenants/list-tenants.ts';
import { countTroubledWebhooks } from '../domain/webhooks/troubled-webhooks.ts';
import type { Check } from '../management/check.ts';
import { listSigningKeys, loadSigningKeys, signingAlgs } from '../oidc/keys.ts';
import { databaseTime, describeServer } from '../platform/database-server.ts';
import { isQueueMade } from '../platform/jobs/queue-state.ts';
import { migrationStatus } from '../platform/migrations.ts';
import type { Installation } from './installation.ts';

const oldestPostgres = 14;

/** The server's version, and how far away it is. */
export async function checkDatabase({ db, source, config }: Installation): Promise<Check> {
  const name = 'database';
  const startedAt = performance.now();
  const server = await describeServer(db);
  const ms = Math.round(performance.now() - startedAt);
  const kind = source.embedded ? 'embedded PostgreSQL' : 'PostgreSQL';
  const detail = `${kind} ${server.version}, ${server.encrypted ? 'TLS, ' : ''}answers in ${ms} ms`;
  if (server.number < oldestPostgres * 10_000) {
    const advice = `Use PostgreSQL ${oldestPostgres} or later.`;
    return { name, status: 'fail', detail, advice };
  }
  if (server.readOnly) {
    const advice = 'It is a standby, or was set to read only: point DATABASE_URL at the primary, or end what set it.';
    return { name, status: 'fail', detail: `${detail}, but takes no writes`, advice };
  }
  if (source.embedded && config.isProduction) {
    const advice = 'It serves one machine. Set DATABASE_URL for more nodes, or to have it backed up with the rest.';
    return { name, status: 'warn', detail, advice };
  }
  const wanted = config.workers * config.database.poolMax;
  if (wanted <= server.connections) return { name, status: 'ok', detail };
  const advice = 'Lower WORKERS or DATABASE_POOL_MAX, or raise max_connections.';
  return {
    name,
    status: 'warn',
    detail: `${detail}; ${wanted} connections wanted, ${server.connections} allowed`,
    advice,
  };
}

export async function checkMigrations({ db, config }: Installation): Promise<Check> {
  const name = 'migrations';
  const { pending, unknown } = await migrationStatus(db);
  if (unknown.length > 0) {
    const detail = `made by a newer version: ${unknown.join(', ')}`;
    return { name, status: 'fail', detail, advice: 'Run that version of Gatehouse.' };
  }
  const isPrepared = await isQueueMade(db);
  if (pending.length === 0 && isPrepared) return { name, status: 'ok', detail: 'up to date' };
  const detail = pending.length > 0 ? `pending: ${pending.join(', ')}` : 'the tables of the job queue are missing';
  return config.database.migrateOnStart
    ? { name, status: 'warn', detail, advice: 'The next start applies them; or run: gatehouse migrate' }
    : { name, status: 'fail', detail, advice: 'Run: gatehouse migrate' };
}

/** Each algorithm has a key that signs, and all of them open with the configured secret keys. */
export async function checkSigningKeys({ db, secrets, config }: Installation): Promise<Check> {
  const name = 'signing keys';
  const keys = await listSigningKeys(db);
  if (keys.length === 0)
    return {
      name,
      status: 'warn',
      detail: 'none',
      advice: 'The first start makes them; or run: gatehouse keys rotate',
    };
  try {
    await loadSigningKeys(db, secrets);
  } catch (error) {
    const advice = 'Put the earlier SECRET_KEY into SECRET_KEY_PREVIOUS.';
    return { name, status: 'fail', detail: (error as Error).message, advice };
  }
  const missing = signingAlgs.filter((alg) => !keys.some((key) => key.alg === alg && key.state === 'current'));
  if (missing.length > 0)
    return { name, status: 'fail', detail: `none signs ${missing.join(', ')}`, advice: 'Run: gatehouse keys rotate' };
  const current = keys.filter((key) => key.state === 'current');
  const oldest = Math.min(...current.map((key) => key.activatesAt.getTime()));
  const days = Math.floor((Date.now() - oldest) / 86_400_000);
  const detail = `${current.map((key) => key.alg).join(' and ')}, in use for ${days} days`;
  if (days <= config.signingKeyRotationDays + 2) return { name, status: 'ok', detail };
  const advice = 'They should have rotated: is a server running? Otherwise: gatehouse keys rotate';
  return { name, status: 'warn', detail, advice };
}

/** The trail is sealed up to the last hours, and the keys of its seals open. */
export async function checkSeals({ db, secrets }: Installation): Promise<Check> {
  const name = 'audit seals';
  const { until, behindMs } = await findSealState(db);
  const keys = await listSealKeys(db);
  const opened = await openSealKeys(db, secrets);
  const lost = keys.filter(({ kid }) => !opened.has(kid));
  if (lost.length > 0) {
    const detail = `${lost.map(({ kid }) => kid).join(', ')} cannot be decrypted, or is none of ours`;
    const advice = 'Put the earlier SECRET_KEY into SECRET_KEY_PREVIOUS; then run: gatehouse audit verify';
    return { name, status: 'fail', detail, advice };
  }
  if (until === null || (keys.length === 0 && behindMs === 0))
    return { name, status: 'ok', detail: 'nothing to seal yet' };
  const detail = `sealed until ${until.toISOString()}`;
  if (behindMs === 0) return { name, status: 'ok', detail };
  const hours = Math.ceil(behindMs / 3_600_000);
  const advice = 'Is a server running? Its log says why an hour is not sealed; it is tried again every ten minutes.';
  return { name, status: 'warn', detail: `${detail}, ${hours} ${hours === 1 ? 'hour' : 'hours'} behind`, advice };
}

/** Tokens and codes are dated by both clocks. */
export async function checkClock({ db }: Installation): Promise<Check> {
  const name = 'clock';
  const before = Date.now();
  const at = (await databaseTime(db)).getTime();
  const after = Date.now();
  // Somewhere between question and answer the database looked at its clock.
  const seconds = Math.max(0, before - at, at - after) / 1000;
  const detail = seconds < 0.1 ? 'as the database’s' : `${seconds.toFixed(1)} s from the database’s`;
  if (seconds < 2) return { name, status: 'ok', detail };
  const advice = 'Set both machines’ clocks by NTP.';
  return { name, status: seconds < 30 ? 'warn' : 'fail', detail, advice };
}

/** Somebody can sign in. */
export async function checkPeople({ db }: Installation): Promise<Check> {
  const name = 'administrator';
  return (await needsSetup(db))
    ? { name, status: 'warn', detail: 'nobody can sign in yet', advice: 'Run: gatehouse admin invite' }
    : { name, status: 'ok', detail: 'people are there' };
}

/** Messages leave: none waits for long, and none was refused for what an operator can change. */
export async function checkMessages({ db }: Installation): Promise<Check> {
  const name = 'messages';
  const { waiting, oldestSeconds, unsentToday } = await findUnsentMessages(db);
  const minutes = Math.floor(oldestSeconds / 60);
  const detail = [
    waiting === 0 ? 'none waits' : `${waiting} waiting, the oldest for ${minutes} min`,
    ...unsentToday.map(({ reason, count }) => `${count} not sent today: ${reason}`),
  ].join('; ');
  if (minutes >= 5) {
    const advice = 'Is a server running? Its log says why a message does not leave; it is tried again by itself.';
    return { name, status: 'warn', detail, advice };
  }
  if (unsentToday.some(({ reason }) => reason === 'budget_used_up' || reason === 'channel_unavailable')) {
    const advice = 'docs/messages.md says what the reasons mean, and how budgets and channels are set.';
    return { name, status: 'warn', detail, advice };
  }
  return { name, status: 'ok', detail };
}

/** Where messages to phones are paid for, some tenant lets them go somewhere: its list is empty until it is set. */
export async function checkPhoneCountries({ db, config }: Installation): Promise<Check[]> {
  if (!config.phone.twilio) return [];
  const name = 'phone countries';
  const tenants = await countTenantsWithCountries(db, config.phone.countries);
  if (tenants > 0) return [{ name, status: 'ok', detail: `listed by ${tenants} of the tenants` }];
  const advice = 'For each tenant that wants SMS or WhatsApp: gatehouse tenants set SLUG --countries FR,CH';
  return [{ name, status: 'warn', detail: 'listed by no tenant: nothing goes to phones', advice }];
}

/** Who listens answers. */
export async function checkWebhooks({ db }: Installation): Promise<Check> {
  const name = 'receivers';
  const { failing, disabled } = await countTroubledWebhooks(db);
  if (failing + disabled === 0) return { name, status: 'ok', detail: 'none in trouble' };
  const detail = `${failing} failing for an hour or longer, ${disabled} switched off for it`;
  const advice = 'Which, and why: gatehouse webhooks list --tenant SLUG, and deliveries-list (docs/webhooks.md)';
  return { name, status: 'warn', detail, advice };
}

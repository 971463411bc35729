/**
 * Everything that is looked at of an installation: by `gatehouse doctor`, and by the server for its operators. Changes nothing.
 * Refuses to let one check hold up the answer.
 */
import { hostname } from 'node:os';
import type { Config } from '../config.ts';
import type { Check, Looked } from '../management/check.ts';
import { scrubText } from '../platform/logger.ts';
import {
  checkClock,
  checkDatabase,
  checkMessages,
  checkMigrations,
  checkPeople,
  checkPhoneCountries,
  checkSeals,
  checkSigningKeys,
  checkWebhooks,
} from './database-checks.ts';
import type { Installation } from './installation.ts';
import {
  checkDataDirectory,
  checkDisk,
  checkIssuer,
  checkPasswordHashing,
  checkProxies,
  checkRuntime,
} from './machine-checks.ts';
import { checkMail, checkPhones, sendTestMail } from './message-checks.ts';
import { checkPooler } from './pooler-check.ts';
import { checkReplicas } from './replica-check.ts';
import { checkTrail } from './trail-check.ts';

/** A check that cannot be made has failed. */
async function attempt<T extends Check | undefined>(
  name: string,
  check: () => Promise<T>,
  advice = 'The log of the database may say more.',
): Promise<T | Check> {
  try {
    return await check();
  } catch (error) {
    return { name, status: 'fail', detail: scrubText((error as Error).message), advice };
  }
}

export async function checkMachine(config: Config): Promise<Check[]> {
  return [
    { name: 'configuration', status: 'ok', detail: config.environment },
    checkRuntime(),
    checkIssuer(config),
    ...checkProxies(config),
    await checkDataDirectory(config),
    await attempt('disk', () => checkDisk(config)),
    await checkPasswordHashing(config),
  ];
}

/**
 * One after the other: the test mail says more where it is known that the server answers.
 * @param testMailTo a canonical address; absent: nothing is sent
 */
export async function checkCarriers(config: Config, testMailTo?: string): Promise<Check[]> {
  const advice = 'Install the dependencies again on this machine: npm ci';
  return [
    await attempt('mail', () => checkMail(config), advice),
    ...(testMailTo === undefined ? [] : [await attempt('test mail', () => sendTestMail(config, testMailTo), advice)]),
    await attempt('phones', () => checkPhones(config), advice),
  ];
}

export async function checkInDatabase(installation: Installation): Promise<Check[]> {
  const checks = [await attempt('database', () => checkDatabase(installation))];
  const schema = await attempt('migrations', () => checkMigrations(installation));
  const pooler = await attempt(
    'pooler',
    () => checkPooler(installation),
    'Check DATABASE_URL, and the pooler behind it.',
  );
  if (pooler) checks.push(pooler);
  checks.push(schema);
  checks.push(...(await checkReplicas(installation)));
  checks.push(await attempt('clock', () => checkClock(installation)));
  // The rest reads tables that may not be there yet.
  if (schema.status !== 'ok') return checks;
  checks.push(await attempt('audit trail', () => checkTrail(installation)));
  checks.push(await attempt('signing keys', () => checkSigningKeys(installation)));
  checks.push(await attempt('audit seals', () => checkSeals(installation)));
  checks.push(await attempt('administrator', () => checkPeople(installation)));
  checks.push(await attempt('messages', () => checkMessages(installation)));
  checks.push(await attempt('receivers', () => checkWebhooks(installation)));
  checks.push(...(await checkPhoneCountries(installation)));
  return checks;
}

/** All rows, one check after the other. Of a schema that is not up to date nothing can be said. */
export async function checkDeeply(installation: Installation): Promise<Check[]> {
  // What it looks at belongs to all features: no other check, and no start, loads them for it.
  const { deepChecks } = await import('./deep-checks.ts');
  const schema = await attempt('migrations', () => checkMigrations(installation));
  if (schema.status !== 'ok') return [];
  const checks: Check[] = [];
  for (const { name, look } of deepChecks) checks.push(await attempt(name, () => look(installation)));
  return checks;
}

/** So long each part is waited for: the time-outs of mail and of Twilio are longer than a person waits. */
const patienceMs = 8_000;

function within(name: string, work: Promise<Check[]>, milliseconds: number): Promise<Check[]> {
  const advice = 'It does not answer: is it reachable from this machine?';
  const late: Check = { name, status: 'fail', detail: `no answer within ${milliseconds / 1000} seconds`, advice };
  let timer: NodeJS.Timeout | undefined;
  const timeOut = new Promise<Check[]>((resolve) => {
    timer = setTimeout(resolve, milliseconds, [late]);
  });
  return Promise.race([work, timeOut]).finally(() => clearTimeout(timer));
}

/** Looks at everything once, the three parts at the same time. */
export async function lookAtInstallation(installation: Installation, patience = patienceMs): Promise<Looked> {
  const { config } = installation;
  const parts = await Promise.all([
    checkMachine(config),
    within('mail', checkCarriers(config), patience),
    within('database', checkInDatabase(installation), patience),
  ]);
  const checks = parts.flat();
  const statuses = new Set(checks.map(({ status }) => status));
  const status = statuses.has('fail') ? 'fail' : statuses.has('warn') ? 'warn' : 'ok';
  return { server: hostname(), checkedAt: new Date(), status, checks };
}

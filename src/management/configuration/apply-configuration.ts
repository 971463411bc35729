/**
 * Brings about what a configuration says: all of it or nothing, in one transaction, by the operations of management. A plan is the same
 * rehearsed, and taken back. Owns that two take turns, that what was applied is looked at again before it stays, and that who loses
 * access has been seen by the one who applies. Refuses what a rule refuses, by the place in the file.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/secrets.ts';
import type { Actor } from '../actor.ts';
import type { ManagementDependencies } from '../operation.ts';
import { ValidationError } from '../validate.ts';
import { AccessBefore, type TenantDifference } from './access-before.ts';
import type { ConfigurationDocument } from './document.ts';
import { ConfigurationFault } from './fault.ts';
import { createScopes } from './scopes.ts';
import type { MadeSecret, SecretReference } from './section.ts';
import { type Change, type PlanOptions, type Scopes, type Step, type Steps, stages } from './steps.ts';

export interface AppliedConfiguration {
  changes: Change[];
  /** How many there are that the sections of the file do not name. They stay. */
  unnamed: number;
  /** Who gains and who loses what, by tenant. */
  access: TenantDifference[];
  /** Told once; of a plan none. */
  secrets: MadeSecret[];
  /** Of who loses what: who applies names what they have seen, so that nobody else loses anything. */
  digest: string;
}

export interface ApplyOptions extends PlanOptions {
  /** Take it back: a plan. */
  isRehearsal: boolean;
  /** The digest of the plan that was agreed to; absent: whoever loses something. */
  agreedTo?: string;
}

/** Others would lose something than those that were agreed to. */
export class ConfigurationChanged extends Error {
  constructor() {
    super('others lose access than those that were shown: somebody has changed something meanwhile');
    this.name = 'ConfigurationChanged';
  }
}

/** Carries a plan out of a transaction that is not to stay. */
class Rehearsed extends Error {
  readonly applied: AppliedConfiguration;

  constructor(applied: AppliedConfiguration) {
    super('rehearsed');
    this.applied = applied;
  }
}

/**
 * @throws ConfigurationFault where a rule or the form refuses something, with its place; ConfigurationChanged
 */
export async function applyConfiguration(
  document: ConfigurationDocument,
  options: ApplyOptions,
  around: { deps: ManagementDependencies; actor: Actor; secretOf(reference: SecretReference): string },
): Promise<AppliedConfiguration> {
  try {
    return await inTransaction(around.deps.db, async (trx) => {
      // Two at once take turns: the second sees what the first has made.
      await trx.raw(`select pg_advisory_xact_lock(hashtextextended('configuration', 0))`);
      // Between two statements a large tree, or what 10^6 people have, is compared.
      await trx.raw(`set local idle_in_transaction_session_timeout = '10min'`);
      const applied = await work(trx, document, options, around);
      if (options.isRehearsal) throw new Rehearsed({ ...applied, secrets: [] });
      return applied;
    });
  } catch (error) {
    if (error instanceof Rehearsed) return error.applied;
    throw error;
  }
}

async function work(
  trx: Database,
  document: ConfigurationDocument,
  options: ApplyOptions,
  around: { deps: ManagementDependencies; actor: Actor; secretOf(reference: SecretReference): string },
): Promise<AppliedConfiguration> {
  const secrets: MadeSecret[] = [];
  const scopes = () => createScopes({ db: trx, ...around, tell: (made) => secrets.push(made) });
  const before = new AccessBefore(trx);
  const { changes, unnamed } = await bringAbout(document, await scopes(), options, (change) => before.look(change));
  if (changes.length > 0) await assertApplied(document, await scopes(), options);
  const access = await before.differences();
  const digest = lossesDigest(access);
  if (options.agreedTo !== undefined && ![options.agreedTo, noLosses].includes(digest))
    throw new ConfigurationChanged();
  return { changes, unnamed, access, secrets, digest };
}

/** Of who loses what, in whatever order it was found. */
function lossesDigest(access: readonly TenantDifference[]): string {
  const losses = access.flatMap(({ tenant, losses: lost }) => lost.map((one) => JSON.stringify([tenant, one])));
  return sha256(losses.sort().join('\n')).toString('base64url');
}

const noLosses = lossesDigest([]);

/** Runs stage by stage; what is removed at the end, the other way round. */
async function bringAbout(
  document: ConfigurationDocument,
  scopes: Scopes,
  options: PlanOptions,
  beforeEach: (change: Change) => Promise<void>,
): Promise<{ changes: Change[]; unnamed: number }> {
  const changes: Change[] = [];
  const removals: Step[] = [];
  let unnamed = 0;
  const run = async (steps: readonly Step[]) => {
    for (const together of batchesOf(steps)) {
      for (const { change } of together) await beforeEach(change);
      await runTogether(together);
      for (const { change } of together) changes.push(change);
    }
  };
  for (const stage of stages) {
    const found: Steps = await stage(document, scopes, options);
    await run(found.steps);
    removals.unshift(...found.removals);
    unnamed += found.unnamed;
  }
  await run(removals);
  return { changes, unnamed };
}

const mostTogether = 500;

/** In their order: those beside each other that can be run at once. */
function batchesOf(steps: readonly Step[]): Step[][] {
  const batches: Step[][] = [];
  for (const step of steps) {
    const last = batches.at(-1);
    if (last && step.batch && last[0]?.batch === step.batch && last.length < mostTogether) last.push(step);
    else batches.push([step]);
  }
  return batches;
}

/** One by one where they are refused together, so that the one that it is of is told with its place. */
async function runTogether(steps: readonly Step[]): Promise<void> {
  const [first] = steps;
  if (first?.batch && steps.length > 1) {
    try {
      await first.batch.run(steps);
      return;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
    }
  }
  for (const step of steps) await runStep(step);
}

/** What refuses a step is told with its place. */
async function runStep({ path, run }: Step): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ValidationError) {
      const faults = error.fields.map(({ field, message }) => `${field.replace(/^body\./, '')} ${message}`);
      throw new ConfigurationFault(path, faults.join('; '));
    }
    if (error instanceof DomainError) throw new ConfigurationFault(path, error.code, { cause: error });
    throw error;
  }
}

/** What was applied is there as the file says it, or nothing of it stays: so a second time finds nothing to do. */
async function assertApplied(document: ConfigurationDocument, scopes: Scopes, options: PlanOptions): Promise<void> {
  for (const stage of stages) {
    const { steps, removals } = await stage(document, scopes, { ...options, rotateSecrets: false });
    const [left] = [...steps, ...removals];
    if (!left) continue;
    const { noun, name, members } = left.change;
    const what = members.map(({ member }) => member).join(', ');
    throw new ConfigurationFault(left.path, `${noun} ${name} is not as it is said here when it is applied: ${what}`);
  }
}

/**
 * Some hundred rows of an import in one transaction, one statement a table. Owns what an import may change of somebody who is
 * there already: it adds roles, fills in what is empty, and gives a way to sign in to who has no password and never
 * signed in. It changes no address, no username, no name that is written and no password. Where the database refuses, the
 * batch is halved until the row that it refused stands alone.
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { type AuditEvent, type Caller, recordEvents } from '../audit/audit-events.ts';
import { sealForeignHash, workOf } from '../methods/password/foreign-hash.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { giveRoles } from '../organisation/org-assignments.ts';
import {
  fillPeople,
  type HolderRow,
  type IdentityToAdd,
  insertCredentials,
  insertPeople,
  selectHolders,
  selectIdentityHolders,
} from '../users/people-in-batches.ts';
import { holdUsers } from '../users/user-state.ts';
import { duplicateAddress } from '../users/users.ts';
import { filledBy, keptOf, type PersonFound, personOf } from './existing-person.ts';
import type { CheckedRow } from './import-row.ts';
import type { NamedInImport } from './named-in-import.ts';

export type ImportOutcome = 'created' | 'updated' | 'unchanged' | 'refused';

export interface RowResult {
  line: number;
  outcome: ImportOutcome;
  userId: string | null;
  /** What the row says and the person has otherwise; it was left. */
  kept: string[];
  error: DomainError | null;
}

/** A role with its place, as `mayGiveRole` asks. */
export interface RoleOfRow {
  roleId: string;
  orgNodeId: string;
  startsAt: Date | undefined;
  endsAt: Date | null;
}

/** What the one who imports may do for a row. Of somebody who is there already, the questions are asked where they matter. */
export interface Judgement {
  refusal?: DomainError;
  /** Whether the person may be seen. */
  reads: boolean;
  mayFill(): Promise<boolean>;
  mayGiveCredentials(): Promise<boolean>;
}

export interface ImportDependencies {
  secrets: Secrets;
  caller: Caller;
  importId: string;
  named: NamedInImport;
  dryRun: boolean;
  /** In the transaction of what was done, which is undone where it throws. Not of rows that were refused. */
  noteDone?(trx: Database, results: readonly RowResult[]): Promise<void>;
  /** In the transaction of the batch, a judgement for each. @param asked.userId of who is there already */
  judge(trx: Database, asked: readonly { userId?: string; roles: readonly RoleOfRow[] }[]): Promise<Judgement[]>;
}

interface Planned {
  row: CheckedRow;
  /** Undefined: new. */
  holder?: HolderRow;
  userId: string;
  identities: IdentityToAdd[];
  roles: RoleOfRow[];
}

class DryRun extends Error {
  readonly results: RowResult[];

  constructor(results: RowResult[]) {
    super('dry run');
    this.results = results;
  }
}

const refused = (line: number, error: DomainError): RowResult => ({
  line,
  outcome: 'refused',
  userId: null,
  kept: [],
  error,
});

/** What a row alone is to blame for, as it is told of it. */
function refusalOf(error: unknown): DomainError | undefined {
  const constraint = violatedConstraint(error)?.constraint ?? '';
  const found = constraint.startsWith('user_identities_')
    ? new DomainError('conflict', 'IDENTITY_IN_USE')
    : constraint === 'org_assignments_ends_after_start'
      ? new DomainError('invalid', 'PERIOD_INVALID')
      : duplicateAddress(error);
  return found instanceof DomainError && found.kind !== 'unavailable' ? found : undefined;
}

/**
 * Imports rows of which no two share a key. A row that is refused keeps no other back.
 * @throws whatever is no refusal of a row, such as a database that does not answer: then nothing of the batch was done
 */
export async function importBatch(
  db: Database,
  tenantId: string,
  rows: readonly CheckedRow[],
  deps: ImportDependencies,
): Promise<RowResult[]> {
  const [only] = rows;
  if (!only) return [];
  try {
    return await inTransaction(db, async (trx) => {
      const results = await new Batch(trx, tenantId, deps).run(rows);
      if (deps.dryRun) throw new DryRun(results);
      return results;
    });
  } catch (error) {
    if (error instanceof DryRun) return error.results;
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    if (rows.length === 1) return [refused(only.line, refusal)];
    const half = Math.ceil(rows.length / 2);
    const first = await importBatch(db, tenantId, rows.slice(0, half), deps);
    return [...first, ...(await importBatch(db, tenantId, rows.slice(half), deps))];
  }
}

class Batch {
  readonly #trx: Database;
  readonly #tenantId: string;
  readonly #deps: ImportDependencies;
  readonly #results = new Map<number, RowResult>();
  readonly #events: AuditEvent[] = [];

  constructor(trx: Database, tenantId: string, deps: ImportDependencies) {
    this.#trx = trx;
    this.#tenantId = tenantId;
    this.#deps = deps;
  }

  async run(rows: readonly CheckedRow[]): Promise<RowResult[]> {
    // Two imports of one tenant take turns: each finds what the other has made.
    await this.#trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`users.import:${this.#tenantId}`]);
    const planned = await this.#plan(rows);
    const judgements = await this.#deps.judge(
      this.#trx,
      planned.map(({ holder, roles }) => ({ userId: holder?.id, roles })),
    );
    const allowed = planned.flatMap((plan, index) => {
      const judgement = judgements[index] as Judgement;
      const error = plan.holder && !judgement.reads ? takenBy(plan) : judgement.refusal;
      if (error) this.#results.set(plan.row.line, refused(plan.row.line, error));
      return error ? [] : [{ plan, judgement }];
    });
    await this.#make(allowed.flatMap(({ plan }) => (plan.holder ? [] : [plan])));
    await this.#complete(allowed.filter(({ plan }) => plan.holder));
    await this.#giveRoles(allowed.map(({ plan }) => plan));
    await recordEvents(this.#trx, this.#events, this.#deps.caller);
    const done = [...this.#results.values()].filter(({ outcome }) => outcome !== 'refused');
    if (done.length > 0 && !this.#deps.dryRun) await this.#deps.noteDone?.(this.#trx, done);
    return rows.map(({ line }) => this.#results.get(line) as RowResult);
  }

  async #plan(rows: readonly CheckedRow[]): Promise<Planned[]> {
    const people = rows.map(({ person }) => person);
    const texts = (member: 'externalId' | 'username' | 'email' | 'phone') =>
      people.flatMap((person) => person[member] ?? []);
    const holders = await selectHolders(this.#trx, {
      tenantId: this.#tenantId,
      externalIds: texts('externalId'),
      usernames: texts('username'),
      emails: texts('email'),
      phones: texts('phone'),
    });
    const planned: Planned[] = [];
    for (const row of rows) {
      try {
        planned.push(await this.#planOne(row, personOf(row, holders)));
      } catch (error) {
        const refusal = refusalOf(error);
        if (!refusal) throw error;
        this.#results.set(row.line, refused(row.line, refusal));
      }
    }
    return this.#withoutTaken(planned);
  }

  async #planOne(row: CheckedRow, { holder }: PersonFound): Promise<Planned> {
    const { named } = this.#deps;
    const userId = holder?.id ?? newId();
    const identities: IdentityToAdd[] = [];
    for (const identity of row.identities) {
      const { provider, subject, email = null } = identity;
      const issuer = await named.issuer(identity);
      const isTheirs = holder?.identities.includes(`${provider} ${issuer} ${subject}`);
      if (!isTheirs) identities.push({ userId, provider, issuer, subject, email });
    }
    const roles: RoleOfRow[] = [];
    for (const { role, place, startsAt, endsAt = null } of row.roles)
      roles.push({ roleId: await named.roleId(role), orgNodeId: await named.placeId(place), startsAt, endsAt });
    return { row, holder, userId, identities, roles };
  }

  /** An account elsewhere is one person's. */
  async #withoutTaken(planned: readonly Planned[]): Promise<Planned[]> {
    const wanted = planned.flatMap(({ identities }) => identities);
    const key = ({ provider, issuer, subject }: IdentityToAdd) => JSON.stringify([provider, issuer, subject]);
    const taken = new Set((await selectIdentityHolders(this.#trx, this.#tenantId, wanted)).map(key));
    return planned.filter(({ row: { line }, identities }) => {
      const isFree = identities.every((identity) => !taken.has(key(identity)));
      if (isFree) for (const identity of identities) taken.add(key(identity));
      else this.#results.set(line, refused(line, new DomainError('conflict', 'IDENTITY_IN_USE')));
      return isFree;
    });
  }

  #told(action: string, userId: string, payload: Record<string, unknown>): void {
    const about = { tenantId: this.#tenantId, entityType: 'user', entityId: userId };
    this.#events.push({ ...about, action, payload: { ...payload, importId: this.#deps.importId } });
  }

  async #make(plans: readonly Planned[]): Promise<void> {
    const people = plans.map(({ userId, row }) => {
      const { person, emailVerified, phoneVerified, mfaRequired, state, password } = row;
      const methods = password ? ['pwd'] : [];
      this.#told('user.created', userId, { methods, emailVerified });
      const result: RowResult = { line: row.line, outcome: 'created', userId, kept: [], error: null };
      this.#results.set(row.line, result);
      const flags = { emailVerified, phoneVerified, mfaRequired, state, hasPassword: password !== undefined };
      return { id: userId, ...person, ...flags };
    });
    const createdBy = actingUserId(this.#deps.caller);
    await insertPeople(this.#trx, { tenantId: this.#tenantId, people, createdBy });
    await this.#giveCredentials(plans.map((plan) => ({ ...plan, givesPassword: true })));
  }

  async #giveCredentials(plans: readonly (Planned & { givesPassword: boolean })[]): Promise<void> {
    const passwords = plans.flatMap(({ userId, row: { password }, givesPassword }) => {
      if (!password || !givesPassword) return [];
      const milliseconds = Math.ceil(workOf(password));
      return [{ userId, foreignPasswordHash: sealForeignHash(this.#deps.secrets, userId, password), milliseconds }];
    });
    const identities = plans.flatMap((plan) => plan.identities);
    for (const { userId, provider } of identities)
      this.#told('identity.linked', userId, { provider, reason: 'imported' });
    await insertCredentials(this.#trx, { tenantId: this.#tenantId, passwords, identities });
  }

  async #complete(allowed: readonly { plan: Planned; judgement: Judgement }[]): Promise<void> {
    await holdUsers(
      this.#trx,
      allowed.map(({ plan }) => plan.userId),
    );
    const given: (Planned & { givesPassword: boolean })[] = [];
    const profiles: Parameters<typeof fillPeople>[1]['profiles'][number][] = [];
    for (const { plan, judgement } of allowed) {
      const { userId, row, holder, identities } = plan as Planned & { holder: HolderRow };
      const isAsked = row.password !== undefined || identities.length > 0;
      const mayGive = isAsked && !holder.hasSignedIn && !holder.hasPassword && (await judgement.mayGiveCredentials());
      const givesPassword = mayGive && row.password !== undefined;
      const added = mayGive ? identities.filter(({ provider }) => !hasAt(holder, provider)) : [];
      const fillable = filledBy(row, holder);
      const profile = fillable && (await judgement.mayFill()) ? fillable : undefined;
      const changed = [...(profile?.changed ?? []), ...(givesPassword ? ['password_hash'] : [])];
      if (profile || givesPassword)
        profiles.push({ ...(profile ?? nothingOf(userId)).values, userId, hasPassword: givesPassword });
      if (givesPassword || added.length > 0) given.push({ ...plan, identities: added, givesPassword });
      if (changed.length > 0) this.#told('profile.updated', userId, { changed });
      const outcome = changed.length + added.length > 0 ? 'updated' : 'unchanged';
      const kept = [
        ...keptOf(row, holder),
        ...(row.password && !givesPassword ? ['password_hash'] : []),
        ...(added.length < identities.length ? ['identities'] : []),
      ];
      this.#results.set(row.line, { line: row.line, outcome, userId, kept, error: null });
    }
    await fillPeople(this.#trx, { tenantId: this.#tenantId, profiles, updatedBy: actingUserId(this.#deps.caller) });
    await this.#giveCredentials(given);
  }

  async #giveRoles(plans: readonly Planned[]): Promise<void> {
    const wanted = plans.flatMap(({ userId, roles }) => roles.map((role) => ({ userId, ...role })));
    const { given, events } = await giveRoles(this.#trx, { tenantId: this.#tenantId, wanted }, this.#deps.caller);
    this.#events.push(...events);
    const receivers = new Set(given.map(({ userId }) => userId));
    const count = (userId: string) => given.filter((one) => one.userId === userId).length;
    for (const { row, userId, holder, roles } of plans) {
      // A place that went at this very moment.
      if (!holder && roles.length > 0 && count(userId) < roles.length) throw new DomainError('not_found', 'NOT_FOUND');
      const result = this.#results.get(row.line) as RowResult;
      if (holder && receivers.has(userId) && result.outcome === 'unchanged') result.outcome = 'updated';
    }
  }
}

const hasAt = ({ identities }: HolderRow, provider: string) =>
  identities.some((identity) => identity.startsWith(`${provider} `));

function nothingOf(userId: string): { values: Parameters<typeof fillPeople>[1]['profiles'][number] } {
  const names = { externalId: null, fullName: null, givenName: null, familyName: null, pictureUrl: null };
  return { values: { userId, ...names, metadata: null, locale: null, zoneinfo: null, hasPassword: false } };
}

/** Somebody out of reach has what the row names: said as a new account would be refused, and no more. */
function takenBy({ row: { person }, holder }: Planned): DomainError {
  if (person.email !== null && person.email === holder?.email?.toLowerCase())
    return new DomainError('conflict', 'DUPLICATE_EMAIL', { field: 'email' });
  if (person.phone !== null && person.phone === holder?.phone)
    return new DomainError('conflict', 'DUPLICATE_PHONE', { field: 'phone' });
  const isName = person.username !== null && person.username.toLowerCase() === holder?.usernameKey;
  return new DomainError('conflict', 'DUPLICATE', { field: isName ? 'username' : 'externalId' });
}

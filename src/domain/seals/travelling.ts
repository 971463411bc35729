/**
 * What of the seals moves with a tenant: its chain as it is, with the public keys that signed it. No private part goes along, nor what
 * tags the leaves, for both are of all tenants of the other server: leaves are tagged anew as they come in. What no seal of there
 * holds is a leaf of the next one here (docs/decisions/0071-a-tenant-moves-as-one-encrypted-stream.md).
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { defineSecretPurpose, equalInConstantTime, type Secrets } from '../../platform/secrets.ts';
import { defineTravelling } from '../../platform/travelling.ts';
import { ReadLeaves } from './leaves.ts';
import { GrowingTree } from './merkle-tree.ts';
import { insertFormerKey, isSigned, openSealKeys, tagOf } from './seal-keys.ts';
import { noSeal, type Seal, statementHash, statementOf } from './seal-statement.ts';
import { insertLeaves, lateMs, selectLeaves, selectNewestSeal } from './seal-store.ts';
import { selectSealsAfter } from './verify-store.ts';

const keyColumns = 'kid, public_jwk, created_at, retired_at';

export const travellingSealKeys = defineTravelling({
  table: 'audit_seal_keys',
  columns: keyColumns,
  stays: { sealed: 'signs and tags for all tenants of the server', state: 'it signs nothing where it comes to' },
  rows: `select ${keyColumns} from audit_seal_keys k
          where exists (select from audit_seals s where s.tenant_id = :tenantId and s.kid = k.kid)`,
  async receive(trx, given, { secrets }) {
    let taken = 0;
    for (const json of given) {
      const { kid, public_jwk, created_at, retired_at } = JSON.parse(json);
      const key = { kid, publicJwk: public_jwk, createdAt: created_at, retiredAt: retired_at };
      if (await insertFormerKey(trx, secrets, key)) taken += 1;
    }
    return taken;
  },
});

const sealColumns = `id, tenant_id, number, starts_at, ends_at, sealed_at, events, late, seals, first_event, last_event, root, previous,
  hash, kid, signature`;

export const travellingSeals = defineTravelling({
  table: 'audit_seals',
  columns: sealColumns,
  rows: `select ${sealColumns} from audit_seals where tenant_id = :tenantId order by number`,
  put: `insert into audit_seals (${sealColumns})
        select ${sealColumns}
          from jsonb_populate_recordset(null::audit_seals, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  namedBy: ['number'],
});

const leafColumns = 'seal_id, first_index, ids, hashes, commitments, salts';

export const travellingLeaves = defineTravelling({
  table: 'audit_leaves',
  columns: leafColumns,
  stays: { tags: 'made under a key that is of all tenants of the server' },
  rows: `select ${leafColumns.replaceAll(/\w+/g, 'l.$&')}
           from audit_leaves l
           join audit_seals s on s.id = l.seal_id
          where s.tenant_id = :tenantId
          order by s.number, l.first_index`,
  async receive(trx, given, { tenantId, secrets }) {
    const leaves = given.map((json) => JSON.parse(json) as Record<string, string> & { first_index: number });
    const kidOf = await selectKids(trx, tenantId, [...new Set(leaves.map(({ seal_id }) => seal_id as string))]);
    const keys = await openSealKeys(trx, secrets);
    let taken = 0;
    for (const { seal_id, first_index, ...packed } of leaves) {
      const sealId = seal_id as string;
      const key = keys.get(kidOf.get(sealId) ?? '');
      if (!key?.isFormer) continue;
      const [ids, hashes] = [bytesOf(packed.ids), bytesOf(packed.hashes)];
      const row = {
        firstIndex: first_index,
        ids,
        hashes,
        commitments: orNull(packed.commitments),
        salts: orNull(packed.salts),
      };
      const read = new ReadLeaves({ ...row, tags: Buffer.alloc(0) });
      const tags = Array.from({ length: read.count }, (_, n) =>
        tagOf(key, sealId, first_index + n, read.hashBytesAt(n)),
      );
      await insertLeaves(trx, sealId, { ...row, tags: Buffer.concat(tags) });
      taken += 1;
    }
    return taken;
  },
});

async function selectKids(trx: Database, tenantId: string, ids: readonly string[]): Promise<Map<string, string>> {
  const found = await rows<{ id: string; kid: string }>(
    trx,
    'select id, kid from audit_seals where tenant_id = :tenantId and id = any(:ids::uuid[])',
    { tenantId, ids: [...ids] },
  );
  return new Map(found.map(({ id, kid }) => [id, kid]));
}

/** As the database writes bytes into JSON. */
function bytesOf(text: unknown): Buffer {
  return Buffer.from(String(text).slice(2), 'hex');
}

function orNull(text: string | null | undefined): Buffer | null {
  return text === null || text === undefined ? null : bytesOf(text);
}

/**
 * Takes over the seals of a tenant that has just come: they have to be a whole chain, each signed by a key of another server and made
 * of its leaves. What they do not hold is sealed here.
 * @returns whether they are, and the newest of them, if there is one
 */
export async function takeOverSeals(
  trx: Database,
  tenantId: string,
  secrets: Secrets,
): Promise<{ isWhole: boolean; newest?: Seal }> {
  const keys = await openSealKeys(trx, secrets);
  let before: Seal | undefined;
  for (;;) {
    const [seal] = await selectSealsAfter(trx, { tenantId, number: before?.number ?? 0, limit: 1 });
    if (!seal) break;
    const key = keys.get(seal.kid);
    const text = statementOf(seal);
    const follows = seal.number === (before?.number ?? 0) + 1 && seal.previous.equals(before?.hash ?? noSeal);
    if (!key?.isFormer || !follows || seal.seals !== 0) return { isWhole: false };
    if (!statementHash(text).equals(seal.hash) || !isSigned(key, text, seal.signature)) return { isWhole: false };
    const tree = new GrowingTree();
    for (const { hashes } of await selectLeaves(trx, seal.id))
      for (let at = 0; at < hashes.length; at += 32) tree.add(hashes.subarray(at, at + 32));
    if (tree.size !== seal.events || !tree.root().equals(seal.root)) return { isWhole: false };
    before = seal;
  }
  await waitForSeal(trx, tenantId, secrets);
  return { isWhole: true, newest: before };
}

/** From where its own seals end, and those that came late there. */
async function waitForSeal(trx: Database, tenantId: string, secrets: Secrets): Promise<void> {
  const newest = await selectNewestSeal(trx, tenantId);
  const since = newest ? new Date(newest.endsAt.getTime() - lateMs) : new Date(0);
  const tag = secrets.mac(arrivals, tagged({ tenantId, since }));
  await rows(trx, 'insert into audit_arrivals (tenant_id, since, tag) values (:tenantId, :since, :tag)', {
    ...{ tenantId, since, tag },
  });
}

interface ArrivedTrail {
  tenantId: string;
  since: Date;
}

/** Who has the database alone must not have events sealed that are new and say that they are old. */
const arrivals = defineSecretPurpose('arrived-trails');
const tagged = ({ tenantId, since }: ArrivedTrail) => `${tenantId}:${since.toISOString()}`;

function isOurs({ tag, ...arrival }: ArrivedTrail & { tag: Buffer }, secrets: Secrets): boolean {
  return secrets.macs(arrivals, tagged(arrival)).some((ours) => equalInConstantTime(ours, tag));
}

/**
 * Whose trails wait for a seal, and from when on. They wait no more; where their own seals reach beyond a moment, they still do.
 */
export async function takeArrivals(trx: Database, until: Date, secrets: Secrets): Promise<ArrivedTrail[]> {
  const found = await rows<ArrivedTrail & { tag: Buffer }>(
    trx,
    'delete from audit_arrivals where since <= :since returning tenant_id, since, tag',
    { since: new Date(until.getTime() - lateMs) },
  );
  return found.filter((arrival) => isOurs(arrival, secrets));
}

/** From when on the trail of a tenant waits for a seal; undefined: it does not. */
export async function findWaitingSince(db: Database, tenantId: string, secrets: Secrets): Promise<Date | undefined> {
  const found = await firstRow<ArrivedTrail & { tag: Buffer }>(
    db,
    'select tenant_id, since, tag from audit_arrivals where tenant_id = :tenantId',
    { tenantId },
  );
  return found && isOurs(found, secrets) ? found.since : undefined;
}

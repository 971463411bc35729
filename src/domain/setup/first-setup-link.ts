/**
 * The link that makes the first administrator of an empty server. Every node that starts shows the same one, so that none
 * voids what another has shown: its token is derived from the row's id under SECRET_KEY, and stored as any other's, as a
 * hash. Refuses to take the place of a link that an operator has made for the same end.
 */
import { type Database, firstRow, inTransaction } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { defineSecretPurpose, type Secrets, sha256 } from '../../platform/secrets.ts';
import type { Caller } from '../audit/audit-events.ts';
import { lockSetupLinks, storeSetupLink } from './setup-links.ts';

export const firstSetupLinkKey = defineSecretPurpose('first-setup-link');

/** Who reads of a link must have time to use it. */
const leastSeconds = 3600;

export interface FirstSetupLink {
  /** Undefined: the link was made by an operator, who alone was shown it. */
  token: string | undefined;
  expiresAt: Date;
}

/** The link that is good for another hour at least, made where there is none. */
export async function firstSetupLink(
  db: Database,
  { secrets, caller }: { secrets: Secrets; caller: Caller },
): Promise<FirstSetupLink> {
  return inTransaction(db, async (trx) => {
    await lockSetupLinks(trx);
    const open = await firstRow<{ id: string; tokenHash: Buffer; expiresAt: Date }>(
      trx,
      `select id, token_hash, expires_at
         from setup_links
        where tenant_id is null and email is null and consumed_at is null and revoked_at is null
          and expires_at > now() + make_interval(secs => :leastSeconds)
        order by created_at desc
        limit 1`,
      { leastSeconds },
    );
    if (open) {
      // Under every key: a node that was given a new one shows the link of the others.
      const tokens = secrets.macs(firstSetupLinkKey, open.id).map((mac) => mac.toString('base64url'));
      return { token: tokens.find((token) => sha256(token).equals(open.tokenHash)), expiresAt: open.expiresAt };
    }
    const id = newId();
    const token = secrets.mac(firstSetupLinkKey, id).toString('base64url');
    return { token, expiresAt: await storeSetupLink(trx, { id, tenantId: null, email: null, token }, caller) };
  });
}

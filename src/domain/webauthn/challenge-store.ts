/** The SQL of challenges that were answered. */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { inBatches } from '../../platform/in-batches.ts';

const answer = prepared(
  'webauthn-challenge-answer',
  `insert into passkey_challenges (challenge_hash, expires_at) values ($1, $2) on conflict do nothing
   returning challenge_hash`,
);

/** @returns false where it was answered before */
export async function answerChallenge(trx: Database, challengeHash: Buffer, expiresAt: Date): Promise<boolean> {
  return (await runPrepared(trx, answer, [challengeHash, expiresAt])).rows.length > 0;
}

/** Deletes what could not be answered any longer. Waits for nobody. @returns how many went */
export async function sweepPasskeyChallenges(db: Database): Promise<number> {
  return inBatches(async (most) => {
    const result = await db.raw(
      `with held as (
         select challenge_hash from passkey_challenges where expires_at < now() limit :most for update skip locked
       )
       delete from passkey_challenges c using held where c.challenge_hash = held.challenge_hash`,
      { most },
    );
    return result.rowCount;
  });
}

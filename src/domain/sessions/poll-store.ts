/**
 * How often a device asks for its tokens (RFC 8628 section 3.5), or an application for an approval (CIBA section 7.3): the time
 * between two polls, which grows for who is too fast.
 */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';

/** What is waited where nothing else was told (RFC 8628 section 3.2), and what each poll that came too early adds. */
const firstSeconds = 5;
const addedSeconds = 5;
const longestSeconds = 60;

// Of many at once the first alone has waited: the others see when it came.
const poll = prepared(
  'payload-poll',
  `with before as (
     select id_hash, polled_at, coalesce(poll_seconds, ${firstSeconds}) as seconds,
            polled_at is not null
            and polled_at + make_interval(secs => coalesce(poll_seconds, ${firstSeconds})) > clock_timestamp() as too_early
       from oidc_payloads
      where model = $1 and id_hash = $2
        for update
   )
   update oidc_payloads p
      set polled_at    = clock_timestamp(),
          poll_seconds = case when b.too_early then least(b.seconds + ${addedSeconds}, ${longestSeconds}) else b.seconds end
     from before b
    where p.model = $1 and p.id_hash = b.id_hash
   returning b.too_early`,
);

/** Notes that somebody asked. Answers whether it did so too early, and so has to wait five seconds more from now on. */
export async function notePoll(db: Database, model: string, idHash: Buffer): Promise<boolean> {
  return (await runPrepared<{ tooEarly: boolean }>(db, poll, [model, idHash])).rows[0]?.tooEarly ?? false;
}

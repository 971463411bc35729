/** Lets a person's sign-ins look older than they are, to what asks how lately they have proved themselves. */
import { replaceBrowserSession } from '../../src/domain/sessions/session-store.ts';
import { openPayload, sealPayload } from '../../src/oidc/storage/sealing.ts';
import type { TestApp } from './app.ts';

export async function ageSessions({ db, secrets }: TestApp, userId: string, seconds: number): Promise<void> {
  const stored = await db('oidc_payloads').where({ model: 'Session', accountId: userId }).select();
  for (const { idHash, uidHash, payload } of stored) {
    const opened = openPayload(secrets, 'Session', { idHash, payload, consumed: false }) as { loginTs: number };
    const aged = { ...opened, loginTs: opened.loginTs - seconds };
    await replaceBrowserSession(db, uidHash, sealPayload(secrets, 'Session', idHash, aged));
  }
  await db('user_sessions')
    .where({ userId })
    .update({ loginAt: db.raw('login_at - make_interval(secs => ?)', [seconds]) });
}

/**
 * The application's own sessions: what a browser's cookie stands for. In memory, because this is an example; a real
 * application keeps them where all its processes find them. Tokens stay here and never reach the browser.
 */
import { randomBytes } from 'node:crypto';
import type { IDToken, UserInfoResponse } from 'openid-client';

/** What must be remembered between sending a person to Gatehouse and their coming back. */
export interface PendingSignIn {
  state: string;
  nonce: string;
  codeVerifier: string;
  /** What is asked of the API when the person is back, having proved more. */
  thenAsk: ApiPath | undefined;
}

/** Below the API's own address. */
export type ApiPath = '' | '/costs';

export interface SignedIn {
  /** Proves at sign-out whose session is meant. */
  idToken: string;
  claims: IDToken;
  userinfo: UserInfoResponse;
  refreshToken: string | undefined;
  refreshedAt: Date | undefined;
  /** For the API alone, with the second at which it ends. */
  apiToken: { value: string; expiresAt: number } | undefined;
}

export interface Session {
  readonly id: string;
  readonly startedAt: number;
  pending?: PendingSignIn;
  signedIn?: SignedIn;
  /** Shown once, on the next page. */
  notice?: { title: string; detail: string; content?: unknown; failed: boolean };
}

const lifetimeMs = 8 * 3600_000;
const most = 10_000;

export interface Sessions {
  find(id: string | undefined): Session | undefined;
  start(): Session;
  end(id: string): void;
  /** Ends what Gatehouse says has ended: one session by its `sid`, or all of a person. @returns how many */
  endAtGatehouse(ended: { sub?: string; sid?: string }): number;
}

export function createSessions(): Sessions {
  // A Map keeps the order of insertion: the first is the oldest.
  const sessions = new Map<string, Session>();

  return {
    find(id) {
      const session = id === undefined ? undefined : sessions.get(id);
      if (session && session.startedAt + lifetimeMs < Date.now()) {
        sessions.delete(session.id);
        return undefined;
      }
      return session;
    },
    start() {
      const [oldest] = sessions.keys();
      if (oldest !== undefined && sessions.size >= most) sessions.delete(oldest);
      const session: Session = { id: randomBytes(32).toString('base64url'), startedAt: Date.now() };
      sessions.set(session.id, session);
      return session;
    },
    end(id) {
      sessions.delete(id);
    },
    endAtGatehouse({ sub, sid }) {
      let ended = 0;
      for (const { id, signedIn } of [...sessions.values()]) {
        if (!signedIn) continue;
        const isMeant = sid === undefined ? signedIn.claims.sub === sub : signedIn.claims.sid === sid;
        if (isMeant && sessions.delete(id)) ended += 1;
      }
      return ended;
    },
  };
}

/**
 * Keys of the issuers of workloads' tokens and of assertions about people, by the outbound rules. Owns that an issuer is asked seldom, whatever comes in: keys are
 * kept for ten minutes, and asked for again half a minute after the last time at the earliest, when a token names one that is not
 * among them, or when nothing was to be had. Keys that are old still count while the issuer is down, for a day. Refuses a discovery
 * document of another issuer.
 */
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';

export interface KeySource {
  issuer: string;
  /** null: the issuer says it (OpenID Connect Discovery 1.0 section 4). */
  jwksUri: string | null;
}

type Fetch = typeof globalThis.fetch;

interface Known {
  askedAt: number;
  loading?: Promise<void>;
  /** Absent where they were never had. */
  set?: { keys: JWTVerifyGetKey; kids: ReadonlySet<string>; loadedAt: number };
}

const freshMs = 600_000;
const keptMs = 86_400_000;
const pauseMs = 30_000;
const mostKeys = 100;

async function readJson(fetch: Fetch, address: string): Promise<Record<string, unknown>> {
  const response = await fetch(address, { headers: { accept: 'application/json' }, redirect: 'manual' });
  if (response.status !== 200) throw new Error(`answered with ${response.status}`);
  const body: unknown = JSON.parse(await response.text());
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Error('is no JSON object');
  return body as Record<string, unknown>;
}

async function addressOf(fetch: Fetch, { issuer, jwksUri }: KeySource): Promise<string> {
  if (jwksUri !== null) return jwksUri;
  const metadata = await readJson(fetch, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (metadata.issuer !== issuer) throw new Error('the discovery document is of another issuer');
  if (typeof metadata.jwks_uri !== 'string') throw new Error('the discovery document names no jwks_uri');
  return metadata.jwks_uri;
}

async function load(fetch: Fetch, source: KeySource): Promise<NonNullable<Known['set']>> {
  const found = await readJson(fetch, await addressOf(fetch, source));
  const all = Array.isArray(found.keys) ? (found.keys as JSONWebKeySet['keys']).slice(0, mostKeys) : [];
  // A secret that everybody can read signs for everybody (RFC 7518 section 3.2).
  const keys = all.filter(({ kty }) => kty === 'RSA' || kty === 'EC' || kty === 'OKP');
  const kids = new Set(keys.flatMap(({ kid }) => kid ?? []));
  return { keys: createLocalJWKSet({ keys }), kids, loadedAt: Date.now() };
}

/** The keys of issuers as one process knows them. */
export function createIssuerKeys(fetch: Fetch, now = Date.now) {
  const known = new LRUCache<string, Known>({ max: 1_000 });

  async function refresh(source: KeySource, entry: Known): Promise<void> {
    entry.askedAt = now();
    entry.loading = load(fetch, source).then(
      (set) => {
        entry.set = { ...set, loadedAt: now() };
      },
      () => undefined,
    );
    await entry.loading;
    entry.loading = undefined;
  }

  /** Undefined where none are to be had. @param kid of the token that is to be verified */
  return async function keysFor(source: KeySource, kid: string | undefined): Promise<JWTVerifyGetKey | undefined> {
    const name = JSON.stringify([source.issuer, source.jwksUri]);
    const entry = known.get(name) ?? { askedAt: -Infinity };
    known.set(name, entry);
    // Without a turn between the look and the question: who comes at the same moment would find neither keys nor a question.
    while (entry.loading) await entry.loading;
    const isFresh = entry.set && now() - entry.set.loadedAt < freshMs;
    const isMissing = kid !== undefined && entry.set !== undefined && !entry.set.kids.has(kid);
    if ((!isFresh || isMissing) && now() - entry.askedAt >= pauseMs) await refresh(source, entry);
    return entry.set && now() - entry.set.loadedAt < keptMs ? entry.set.keys : undefined;
  };
}

export type IssuerKeys = ReturnType<typeof createIssuerKeys>;

/** By what they are fetched with: a change of signing keys makes another provider, and asks nobody anew. */
const keysByFetch = new WeakMap<object, IssuerKeys>();

/** Those of this process, for whoever fetches so. */
export function issuerKeysOf(fetch: Fetch): IssuerKeys {
  const known = keysByFetch.get(fetch) ?? createIssuerKeys(fetch);
  keysByFetch.set(fetch, known);
  return known;
}

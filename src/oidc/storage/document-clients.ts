/**
 * Clients that are known by the address of a document about them: fetching it, and how long it counts. Owns that no more is
 * fetched than a few documents for an address, for a host and at once; that one that is wrong, large, slow, elsewhere or
 * behind a redirect is no client; and that what counts here is what the document says, within the time it may be kept. What
 * of it counts is for domain/registration/client-documents.ts.
 */
import { LRUCache } from 'lru-cache';
import Provider, { type AdapterPayload, errors } from 'oidc-provider';
import { type DocumentClient, documentClientRow } from '../../domain/clients/document-clients.ts';
import { documentHostOf, findKeptDocument, readClientDocument } from '../../domain/registration/client-documents.ts';
import { registrationLimits } from '../../domain/registration/registration-rules.ts';
import { findOfferedRegistration } from '../../domain/tenants/offered-registration.ts';
import { DomainError } from '../../platform/errors.ts';
import { OutboundError } from '../../platform/network/outbound.ts';
import { consume } from '../../platform/rate-limits.ts';
import type { AdapterDependencies } from './sealing.ts';
import { toldTooMany } from './stored-requests.ts';

export interface DocumentClients {
  /**
   * Undefined where the address is none of a document, nobody lets such clients in, or this one was stopped.
   * @param describe makes of a row what the library takes
   * @throws InvalidClient, TooManyRequests, TemporarilyUnavailable
   */
  find(clientId: string): Promise<AdapterPayload | undefined>;
}

export interface DocumentClientsOptions extends Pick<AdapterDependencies, 'db' | 'limits'> {
  /** Of dependencies.ts: what may be called, how long, how much. */
  fetch: typeof globalThis.fetch;
  /** Between which a document counts unasked, whatever its server says; ms. */
  fresh?: { least: number; most: number };
}

const minute = 60_000;
const usualFresh = { least: 5 * minute, most: 24 * 60 * minute };
/** Where the server of the document says nothing. */
const untoldFresh = 60 * minute;
/** How long what was read before still counts where its server cannot be reached. */
const longestStale = 24 * 60 * minute;
/** For how long nobody asks again for one that was wrong. */
const failureKept = 30_000;
const mostKept = 500;
const mostAtOnce = 20;
const mostBytes = 16 * 1024;

interface Kept {
  payload: AdapterPayload;
  text: string;
  freshUntil: number;
  staleUntil: number;
}

/** Nobody waits for a document to be signed out. */
const isSignOut = (route: string | undefined) => route?.startsWith('end_session') === true;

function freshFor(response: Response, { least, most }: { least: number; most: number }): number {
  const cacheControl = response.headers.get('cache-control') ?? '';
  const [, told] = /(?:^|,)\s*max-age\s*=\s*"?(\d{1,9})/i.exec(cacheControl) ?? [];
  const wanted = /\bno-(?:store|cache)\b/i.test(cacheControl)
    ? 0
    : told === undefined
      ? untoldFresh
      : Number(told) * 1000;
  return Math.max(least, Math.min(most, wanted));
}

function refused(reason: string): errors.InvalidClient {
  return new errors.InvalidClient(`the document of the client cannot be used: ${reason}`);
}

async function textOf(response: Response): Promise<string> {
  if (response.status !== 200) throw refused(`status ${response.status}`);
  if (!/^application\/(?:[a-z.-]+\+)?json\b/i.test(response.headers.get('content-type') ?? ''))
    throw refused('it is no JSON');
  const text = await response.text();
  if (text.length > mostBytes) throw refused(`it is longer than ${mostBytes / 1024} KiB`);
  return text;
}

function read(clientId: string, text: string): DocumentClient {
  try {
    return readClientDocument(clientId, JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw refused('it is no JSON');
    if (error instanceof DomainError) throw refused(`${error.params.field}: ${error.params.reason ?? 'not usable'}`);
    throw error;
  }
}

type Describe = (client: ReturnType<typeof documentClientRow>) => AdapterPayload;

/** What this process has fetched, could not use, and is fetching. */
interface Memory {
  known: LRUCache<string, Kept>;
  failed: LRUCache<string, Error>;
  loading: Map<string, Promise<AdapterPayload>>;
}

type Working = DocumentClientsOptions & Memory & { describe: Describe };

async function count({ db, limits }: Working, host: string): Promise<void> {
  const ctx = Provider.ctx;
  try {
    await limits.consume(db, registrationLimits.clientDocumentsPerIp, ctx?.ip);
    await consume(db, registrationLimits.clientDocumentsPerHost, host);
  } catch (error) {
    throw ctx ? toldTooMany(ctx, error) : error;
  }
}

/** Whether the host could not be reached, by no fault of the document. */
function isAway(error: unknown): boolean {
  return error instanceof OutboundError && (error.code === 'OUTBOUND_FAILED' || error.code === 'OUTBOUND_TIMEOUT');
}

async function load(working: Working, clientId: string, before: Kept | undefined): Promise<AdapterPayload> {
  const { fetch, describe, known, failed, fresh = usualFresh } = working;
  try {
    const response = await fetch(clientId, { headers: { accept: 'application/json' }, redirect: 'error' });
    const text = await textOf(response);
    // The same object as before where it says the same: the library's object of it is kept by it.
    const payload = text === before?.text ? before.payload : describe(documentClientRow(read(clientId, text)));
    const now = Date.now();
    known.set(clientId, { payload, text, freshUntil: now + freshFor(response, fresh), staleUntil: now + longestStale });
    return payload;
  } catch (error) {
    if (isAway(error) && before && before.staleUntil > Date.now()) return before.payload;
    known.delete(clientId);
    const told = error instanceof OutboundError ? refused('it cannot be fetched') : error;
    if (told instanceof errors.InvalidClient) failed.set(clientId, told);
    throw told;
  }
}

async function fetched(
  working: Working,
  { clientId, host, before }: { clientId: string; host: string; before: Kept | undefined },
): Promise<AdapterPayload> {
  const { failed, loading } = working;
  const failure = failed.get(clientId);
  if (failure) throw failure;
  const underWay = loading.get(clientId);
  if (underWay) return underWay;
  if (loading.size >= mostAtOnce) throw new errors.TemporarilyUnavailable('too many documents are being fetched');
  // Before anything is waited for: of many at once one fetches, and one is counted.
  const asked = count(working, host)
    .then(() => load(working, clientId, before))
    .finally(() => loading.delete(clientId));
  loading.set(clientId, asked);
  return asked;
}

/** @param describe makes of a client's row what the library takes */
export function createDocumentClients(options: DocumentClientsOptions, describe: Describe): DocumentClients {
  const { db } = options;
  const known: Memory['known'] = new LRUCache({ max: mostKept });
  const failed: Memory['failed'] = new LRUCache({ max: mostKept, ttl: failureKept });
  const working: Working = { ...options, describe, known, failed, loading: new Map() };

  return {
    async find(clientId) {
      const host = documentHostOf(clientId);
      if (host === undefined) return undefined;
      const { blocked, client } = await findKeptDocument(db, clientId);
      if (blocked) return undefined;
      const before = known.get(clientId);
      if (isSignOut(Provider.ctx?.oidc?.route))
        return before?.payload ?? (client && describe(documentClientRow(client)));
      if (!(await findOfferedRegistration(db)).byDocument) return undefined;
      if (before && before.freshUntil > Date.now()) return before.payload;
      return fetched(working, { clientId, host, before });
    },
  };
}

/**
 * What passes between a server and its clients that would open something to a thief: collected on the way, and looked
 * for in what the server keeps. Collects by name of field, parameter, header and cookie, so that a new flow needs no word
 * about it.
 */
import { createHash } from 'node:crypto';
import type { Configuration, CustomFetch } from 'openid-client';
import * as openid from 'openid-client';
import type { Database } from '../../src/platform/database.ts';
import { Browserless, type Reply } from './browserless.ts';

/** Names of parameters, form fields and JSON members. */
const names = new Set([
  'access_token',
  'client_assertion',
  'client_secret',
  'code',
  'code_challenge',
  'code_verifier',
  'device_code',
  'id_token',
  'id_token_hint',
  'login_token',
  'logout_token',
  'nonce',
  'password',
  'refresh_token',
  'request',
  'request_uri',
  'state',
  'token',
  'user_code',
  'verification_uri_complete',
  'xsrf',
]);

export interface Collected {
  /** `refresh_token`, `cookie gh_session`, `authorization`, ... */
  name: string;
  value: string;
}

/** Cookies that open nothing: the chosen language, and the client_id of the application that somebody comes from. */
const openCookies = /locale|^gh_client$/;

export class CredentialRecorder {
  readonly collected = new Map<string, string>();

  add(name: string, value: string | undefined | null): void {
    // Shorter ones are words of a protocol or of ours, such as `code` for a response type.
    if (value && (value.length >= 8 || name === 'one_time_code')) this.collected.set(value, name);
  }

  addCookie(name: string, value: string | undefined): void {
    if (!openCookies.test(name)) this.add(`cookie ${name}`, value);
  }

  /** Every parameter of a query, a form or a fragment. */
  addParameters(text: string): void {
    for (const [name, value] of new URLSearchParams(text)) if (names.has(name)) this.add(name, value);
  }

  addAddress(address: string): void {
    const url = new URL(address);
    this.addParameters(url.search);
    this.addParameters(url.hash.slice(1));
    const [, uid] =
      /\/(?:interaction|authorize|device|set-up|recovery|invitations)\/([\w-]{20,})/.exec(url.pathname) ?? [];
    this.add('path', uid);
  }

  addJson(text: string): void {
    let members: unknown;
    try {
      members = JSON.parse(text);
    } catch {
      return;
    }
    for (const [name, value] of Object.entries(members ?? {}))
      if (names.has(name) && typeof value === 'string') this.add(name, value);
  }

  addHeaders(headers: Record<string, string | string[] | undefined>): void {
    for (const name of ['authorization', 'dpop', 'dpop-nonce']) {
      const value = headers[name];
      if (typeof value !== 'string') continue;
      const bare = value.replace(/^(?:Bearer|DPoP|Basic) /, '');
      this.add(name, bare);
      if (value.startsWith('Basic ')) {
        const [, secret = ''] = Buffer.from(bare, 'base64').toString().split(':');
        this.add('client_secret', decodeURIComponent(secret));
      }
    }
  }

  /** A browser whose every exchange is collected. */
  browser(): Browserless {
    return new RecordingBrowser(this);
  }

  /** Collects what a relying party of openid-client sends and gets. */
  watch(config: Configuration): void {
    config[openid.customFetch] = this.fetch as CustomFetch;
  }

  readonly fetch = async (url: string, options: RequestInit = {}): Promise<Response> => {
    this.addAddress(url);
    this.addHeaders(Object.fromEntries(new Headers(options.headers)));
    if (options.body) this.addParameters(String(options.body));
    const answer = await fetch(url, options);
    this.addHeaders(Object.fromEntries(answer.headers));
    const text = await answer.clone().text();
    this.addJson(text);
    // A signed answer (RFC 9701) says the same once more.
    if (/^eyJ/.test(text)) this.add('signed answer', text);
    return answer;
  };

  /** Number of values by name. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const name of this.collected.values()) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  }
}

class RecordingBrowser extends Browserless {
  readonly #recorder: CredentialRecorder;

  constructor(recorder: CredentialRecorder) {
    super();
    this.#recorder = recorder;
  }

  override async send(
    address: string,
    form?: Record<string, string> | string,
    extra: Record<string, string> = {},
  ): Promise<Reply> {
    const recorder = this.#recorder;
    recorder.addAddress(address);
    if (form !== undefined) recorder.addParameters(new URLSearchParams(form).toString());
    const reply = await super.send(address, form, extra);
    if (reply.location) recorder.addAddress(reply.location);
    for (const line of [reply.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      recorder.addCookie(name, value);
    }
    for (const [input] of reply.body.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1] ?? '';
      if (names.has(name)) recorder.add(name, /value="([^"]*)"/.exec(input)?.[1]);
    }
    return reply;
  }
}

/** The ways in which a value could lie somewhere: as it is, in parts, and encoded. */
export function formsOf(name: string, value: string): Map<string, string> {
  const forms = new Map<string, string>([['as it is', value]]);
  const parts = value.split('.');
  if (parts.length === 3 && value.startsWith('eyJ')) {
    forms.set('its content', parts[1] as string);
    forms.set('its signature', parts[2] as string);
  }
  if (/^[A-Z]{4}-[A-Z]{4}$/.test(value)) forms.set('without its hyphen', value.replace('-', ''));
  const encoded = new URLSearchParams({ v: value }).toString().slice(2);
  if (encoded !== value) forms.set('percent-encoded', encoded);

  const bytes = Buffer.from(value);
  forms.set('in hex', bytes.toString('hex'));
  if (/^[\w-]{20,}$/.test(value)) forms.set('its bytes in hex', Buffer.from(value, 'base64url').toString('hex'));
  for (const offset of [0, 1, 2]) {
    // Wherever it begins in a longer text; the characters that it shares with its neighbours left out.
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64url');
    const inner = shifted.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    forms.set(`in base64url, ${offset}`, inner);
    forms.set(`in base64, ${offset}`, inner.replaceAll('-', '+').replaceAll('_', '/'));
  }
  // A hash alone keeps only what nobody can guess.
  if (['one_time_code', 'password', 'user_code'].includes(name))
    for (const text of [value, value.replace('-', '')]) {
      const hash = createHash('sha256').update(text).digest();
      forms.set(`its bare SHA-256 ${text === value ? '' : 'without hyphen'}`, hash.toString('hex'));
      forms.set(`its bare SHA-256 in base64 ${text === value ? '' : 'without hyphen'}`, hash.toString('base64url'));
    }
  return forms;
}

/** Six digits are found in any long row of digits, and among the microseconds of any time. */
function standsAlone(text: string, digits: string): boolean {
  return new RegExp(`(?<![\\w.])${digits}(?!\\w)`).test(text);
}

/** Where in a text which of the values lies, in words that do not repeat it. */
export function findCredentials(text: string, collected: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [value, name] of collected)
    for (const [form, looked] of formsOf(name, value))
      if (looked.length > 6 ? text.includes(looked) : standsAlone(text, looked)) found.push(`${name} ${form}`);
  return found;
}

/** Every row of every table, as text; what it has of bytes also as the characters they are. */
export async function dumpDatabase(db: Database): Promise<Map<string, string>> {
  const tables = await db.raw(
    `select format('%I.%I', schemaname, tablename) as name
       from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const dump = new Map<string, string>();
  for (const { name } of tables.rows as { name: string }[]) {
    const { rows } = await db.raw(`select t::text as row from ${name} t`);
    const texts = (rows as { row: string }[]).flatMap(({ row }) => {
      const bytes = [...row.matchAll(/\\\\x([0-9a-f]+)/g)].map(([, hex = '']) => Buffer.from(hex, 'hex'));
      return [row, ...bytes.map((value) => value.toString('latin1')), ...bytes.map((value) => value.toString('utf8'))];
    });
    dump.set(name, texts.join('\n'));
  }
  return dump;
}

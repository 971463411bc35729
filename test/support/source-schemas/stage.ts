/**
 * Where the rows of the source schemas are shown working: a server that sends, set up by the command line, and asked through
 * its API and its pages. Nothing here reads or writes the database.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGatehouse } from '../../commands/run-gatehouse.ts';
import type { Browserless } from '../browserless.ts';
import { type ClientCredential, postAs } from '../endpoints.ts';
import { type Ask, asking, managementCapabilities } from '../management.ts';
import { type MessagingApp, startMessagingApp } from '../messaging-app.ts';
import { discover, type RelyingParty, signIn } from '../relying-party.ts';

export interface Credentials {
  email: string;
  password: string;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which say what they expect
type Row = any;

export interface Stage extends MessagingApp {
  tenantId: string;
  rootId: string;
  /** Asks as a service that may do everything, and expects the status, 2xx unless told. Answers the body. */
  ask(method: string, path: string, body?: unknown, status?: number): Promise<Row>;
  /** Everything of a list. */
  list(path: string): Promise<Row[]>;
  /** As the owner, who has signed in a moment ago. */
  owner: Ask;
  ownerId: string;
  /** A command; answers what it prints with `--json`. */
  run(...words: string[]): Promise<Row>;
  /** An application of the tenant. */
  party: RelyingParty;
  /** A person made by the API, with a verified address and a password. */
  person(more?: object): Promise<Credentials & { id: string }>;
  signIn(person: Credentials, browser?: Browserless): ReturnType<typeof signIn>;
  /** Whether the password lets the person in. */
  maySignIn(person: Credentials): Promise<boolean>;
  /** Actions of the trail about something, the oldest first. */
  trail(entityId: string): Promise<string[]>;
  /** A name that nothing has yet. */
  fresh(word: string): string;
}

export const password = 'a walk along the quiet river';

async function commands({ app }: MessagingApp) {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-rows-'));
  const environment = {
    NODE_ENV: 'test',
    DATABASE_URL: app.databaseUrl,
    DATA_DIR: directory,
    ISSUER: app.issuer,
    SECRET_KEY: app.config.secretKeys[0] ?? '',
    METRICS_PORT: '0',
    ARGON2_MEMORY_KIB: '1024',
  };
  return {
    async run(words: string[], input?: string): Promise<Row> {
      const done = await runGatehouse([...words, '--json'], environment, input);
      assert.equal(done.code, 0, `${words.join(' ')}: ${done.stdout}${done.stderr}`);
      return done.json;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

async function serviceAsk(messaging: MessagingApp, service: ClientCredential): Promise<Ask> {
  const resource = `${messaging.app.issuer}/api/v1`;
  const form = { grant_type: 'client_credentials', resource };
  const { status, body } = await postAs(`${messaging.app.issuer}/token`, service, form);
  assert.equal(status, 200, JSON.stringify(body));
  return asking(messaging.app, body.access_token);
}

export async function setStage(): Promise<Stage> {
  const messaging = await startMessagingApp();
  const { app } = messaging;
  const command = await commands(messaging);
  const { run } = command;
  const slug = 'northwind';
  await run(['tenants', 'create', '--slug', slug, '--name', 'Northwind']);
  await run(['tenants', 'set-platform', slug]);
  const ownerOf = { email: 'owner@example.test', password };
  const words = ['users', 'create', '--tenant', slug, '--email', ownerOf.email, '--role', 'owner'];
  await run([...words, '--email-verified', '--password-stdin'], password);
  const allowed = managementCapabilities.flatMap((key) => ['--capability', key]);
  const service = await run(['services', 'create', '--tenant', slug, '--name', 'Console', ...allowed]);
  const raw = await serviceAsk(messaging, { clientId: service.client_id, clientSecret: service.client_secret });

  async function ask(method: string, path: string, body?: unknown, status?: number): Promise<Row> {
    const answer = await raw(method, path, body, { 'if-match': '*' });
    const isExpected = status === undefined ? answer.status < 300 : answer.status === status;
    assert.ok(isExpected, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
  async function list(path: string): Promise<Row[]> {
    return (await ask('GET', `${path}${path.includes('?') ? '&' : '?'}limit=200`)).items;
  }

  const client = await ask('POST', '/clients', {
    name: 'Application',
    kind: 'web',
    first_party: true,
    redirect_uris: ['http://localhost:1/callback'],
  });
  const party = await discover(app, { clientId: client.client_id, clientSecret: client.client_secret });
  const resource = { resource: `${app.issuer}/api/v1` };
  const scope = ['openid', ...managementCapabilities].join(' ');
  const parameters = { ...resource, scope };
  const { tokens } = await signIn(party, ownerOf, { parameters, tokenParameters: resource });
  const [owner] = await list(`/users?q=${ownerOf.email}`);
  const { id: tenantId } = await ask('GET', '/tenant');
  const [root] = await list('/org-nodes?type=tenant');
  let names = 0;

  const stage: Stage = {
    ...messaging,
    tenantId,
    rootId: root.id,
    ask,
    list,
    owner: asking(app, tokens.access_token),
    ownerId: owner.id,
    run: (...words) => run(words),
    party,
    async person(more = {}) {
      const wanted = { email: `${stage.fresh('person')}@example.test`, email_verified: true, password, ...more };
      return { ...(await ask('POST', '/users', wanted)), password };
    },
    signIn: (person, browser) => signIn(party, person, { browser: browser ?? messaging.visitor() }),
    maySignIn: (person) =>
      stage.signIn(person).then(
        () => true,
        () => false,
      ),
    async trail(entityId) {
      const events = await list(`/audit-events?entity_id=${entityId}`);
      return events.map(({ action }) => action).reverse();
    },
    fresh: (word) => `${word}-${++names}`,
    async stop() {
      await messaging.stop();
      await command.remove();
    },
  };
  return stage;
}

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { createTokenSource } from '../../examples/service/service.ts';
import { loadServiceSettings } from '../../examples/service/settings.ts';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { processEnvironment } from '../support/process-environment.ts';
import { type SampleApp, sampleAudience, startSampleApi, startSampleApp } from '../support/sample-applications.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the sample service', () => {
  let sample: SampleApp;
  before(async () => {
    sample = await startSampleApp();
  });
  after(() => sample?.stop());

  describe('and the API it calls', () => {
    const settings = () => loadServiceSettings({ DATA_DIR: sample.app.config.dataDirectory });

    async function call(token?: string): Promise<{ status: number; challenge: string | null; body: unknown }> {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`${sample.api.url}/inventory`, { headers });
      return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body: await answer.json() };
    }

    it('gets a token that the API accepts, and keeps it', async () => {
      const accessToken = await createTokenSource(settings());
      const [first, second] = await Promise.all([accessToken(), accessToken()]);
      assert.equal(first, second);
      assert.equal(await accessToken(), first);
      assert.equal(decodeProtectedHeader(first).typ, 'at+jwt');
      assert.equal(decodeJwt(first).aud, sampleAudience);
      const answer = await call(first);
      assert.equal(answer.status, 200);
      const { clientId } = sample.accounts.service;
      assert.deepEqual((answer.body as { for: unknown }).for, { subject: clientId, client: clientId });
    });

    it('is refused without a token, without an error code', async () => {
      assert.deepEqual(await call(), { status: 401, challenge: 'Bearer', body: { error: 'unauthorized' } });
    });

    it('is refused with a token that was tampered with', async () => {
      const accessToken = await createTokenSource({ ...settings(), scope: 'inventory.write' });
      const [header, payload = '', signature = ''] = (await accessToken()).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const changed = Buffer.from(JSON.stringify({ ...claims, scope: 'inventory.read' })).toString('base64url');
      const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
      for (const forged of [`${header}.${changed}.${signature}`, `${unsigned}.${changed}.`, 'x.y.z']) {
        assert.deepEqual(await call(forged), {
          status: 401,
          challenge: 'Bearer error="invalid_token"',
          body: { error: 'invalid_token' },
        });
      }
    });

    it('is refused with a token for another API', async () => {
      const resource = 'https://letters.northwind.example/';
      const letters = { tenantId: null, identifier: resource, name: 'Letters' };
      const { id: resourceServerId } = await createResourceServer(sample.app.db, letters, systemCaller);
      await defineCapability(sample.app.db, { key: 'letters.read', resourceServerId }, systemCaller);
      const client = await sample.app.service({ capabilities: ['letters.read'] });
      const { issuer } = sample.app;
      const accessToken = await createTokenSource({ issuer, ...client, resource, scope: 'letters.read' });
      assert.equal((await call(await accessToken())).status, 401);
    });

    it('is refused without the scope', async () => {
      const accessToken = await createTokenSource({ ...settings(), scope: 'inventory.write' });
      const answer = await call(await accessToken());
      assert.equal(answer.status, 403);
      assert.equal(answer.challenge, 'Bearer error="insufficient_scope", scope="inventory.read"');
    });

    it('does not blame the token when keys cannot be fetched', async () => {
      const accessToken = await createTokenSource(settings());
      const lonely = await startSampleApi(`http://localhost:${await freePort()}`);
      try {
        const headers = { authorization: `Bearer ${await accessToken()}` };
        assert.equal((await fetch(`${lonely.url}/inventory`, { headers })).status, 503);
      } finally {
        await lonely.close();
      }
    });
  });

  describe('started by hand', () => {
    const children: ChildProcess[] = [];
    after(async () => {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
    });

    function run(file: string, env: Record<string, string>): ChildProcess {
      const child = spawn(process.execPath, [file], {
        cwd: root,
        env: { ...processEnvironment(), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.push(child);
      return child;
    }

    it('the service shows what an API accepts and what it refuses', async () => {
      const child = run('examples/service/start.ts', { DATA_DIR: sample.app.config.dataDirectory });
      const [output, [code]] = await Promise.all([text(child.stdout as Readable), once(child, 'exit')]);
      assert.equal(code, 0);
      assert.match(output, /With the token: 200 .*\nWithout one: 401 .*\nWith a tampered one: 401 /);
    });

    it('the portal says where it is and who can sign in', async () => {
      const port = await freePort();
      const child = run('examples/run.ts', {
        DATA_DIR: sample.app.config.dataDirectory,
        DATABASE_URL: sample.app.databaseUrl,
        PORT: String(port),
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (more: string) => {
          output += more;
        });
      await eventually(() => /Sign in as/.test(output) || child.exitCode !== null, 'the portal is there');
      assert.equal(child.exitCode, null, output);
      assert.match(output, new RegExp(`Open http://localhost:${port}/`));
      assert.match(output, /Sign in as olivia\.hart@example\.com with the password [\w-]+/);
      const page = await (await fetch(`http://localhost:${port}/`)).text();
      assert.match(page, /You are not signed in/);
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      assert.deepEqual(await ended, [0, null]);
    });

    it('the portal says what to do where no Gatehouse has been started', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'gatehouse-examples-'));
      try {
        const first = run('examples/run.ts', { DATA_DIR: directory });
        assert.match(await text(first.stderr as Readable), /There are no sample accounts yet.*npm start/);
        const issuer = `http://localhost:${await freePort()}`;
        await writeFile(join(directory, 'development-accounts.json'), JSON.stringify({ ...sample.accounts, issuer }));
        const second = run('examples/run.ts', { DATA_DIR: directory });
        const said = await text(second.stderr as Readable);
        assert.equal(said.trim(), `No Gatehouse answers at ${issuer}. Start it first, in another terminal: npm start`);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
  });
});

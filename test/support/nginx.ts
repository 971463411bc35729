/** Debian's nginx on loopback, with server blocks that the documentation tells operators to use. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { hasOpenssl } from './openssl.ts';

const nginx = '/usr/sbin/nginx';

export interface NginxProxy {
  origin: string;
  certificate: string;
  stop(): Promise<void>;
}

export function hasNginx(): boolean {
  return process.platform === 'linux' && existsSync(nginx) && hasOpenssl();
}

/** The first server block of a page of docs/, with what stands in it in the place of a site's own. */
export function documentedServer(page: string, replacements: readonly (readonly [from: string, to: string])[]): string {
  const documentation = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const block = /```nginx\n(server \{.*?\n\})\n```/s.exec(documentation)?.[1];
  assert.ok(block, `docs/${page} has a server block for nginx`);
  return replacements.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), from);
    return text.replace(from, to);
  }, block);
}

function makeCertificate(directory: string): void {
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', join(directory, 'key.pem'), '-out', join(directory, 'cert.pem')];
  execFileSync('openssl', ['req', ...options, ...names, ...files], { stdio: 'ignore' });
}

/** Any answer: it listens, and speaks TLS. */
function answers(port: number, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path: '/healthz', ca, servername: 'localhost' }, (answer) => {
      answer.resume().on('end', () => resolve(true));
    });
    asked.on('error', () => resolve(false)).end();
  });
}

/** @param servers the blocks, whose certificate and key are `cert.pem` and `key.pem` of the directory */
export async function startNginx(port: number, servers: (directory: string) => string): Promise<NginxProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-nginx-'));
  makeCertificate(directory);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  for (const name of temporary) mkdirSync(join(directory, name));
  const { username, uid } = userInfo();
  await writeFile(
    join(directory, 'nginx.conf'),
    `
    ${uid === 0 ? `user ${username} ${username};` : ''}
    daemon off;
    worker_processes 1;
    pid ${directory}/nginx.pid;
    error_log stderr warn;
    events { worker_connections 64; }
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
      ${servers(directory)}
    }`,
  );
  const child = spawn(nginx, ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const proxy: NginxProxy = {
    origin: `https://localhost:${port}`,
    certificate: readFileSync(join(directory, 'cert.pem'), 'utf8'),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await eventually(async () => child.exitCode !== null || (await answers(port, proxy.certificate)), 'nginx answers');
    assert.equal(child.exitCode, null, `nginx did not start: ${log}`);
    return proxy;
  } catch (error) {
    await proxy.stop();
    throw error;
  }
}

/**
 * The whole of it once, in a terminal: starts the API, gets a token, calls the API with it, without one and with one that
 * was tampered with. `node examples/service/start.ts`; a Gatehouse must run.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import { createApi } from './api.ts';
import { createTokenSource } from './service.ts';
import { loadServiceSettings } from './settings.ts';

/** The signature of another content: one character of the payload is changed. */
function tamper(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const changed = Buffer.from(JSON.stringify({ ...claims, scope: `${claims.scope} inventory.write` }));
  return [header, changed.toString('base64url'), signature].join('.');
}

async function main(): Promise<void> {
  const settings = loadServiceSettings(process.env);
  const accessToken = await createTokenSource(settings);
  const api = createApi({ issuer: settings.issuer, audience: settings.resource }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const address = `http://127.0.0.1:${(api.address() as AddressInfo).port}/inventory`;

  async function call(title: string, token?: string): Promise<void> {
    const answer = await fetch(address, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
    console.log(`${title}: ${answer.status} ${await answer.text()}`);
  }

  try {
    const token = await accessToken();
    console.log(`The access token says: ${JSON.stringify(decodeJwt(token), null, 2)}\n`);
    await call('With the token', token);
    await call('Without one', undefined);
    await call('With a tampered one', tamper(token));
  } finally {
    api.close();
    api.closeAllConnections();
  }
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

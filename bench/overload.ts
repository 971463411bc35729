/**
 * 500 people press "Sign in" at the same moment, while a load balancer asks `/healthz` and a service asks for tokens: how slow the
 * slowest of these answers is, and what the people are told. Run it with `node bench/overload.ts`; `--sign-ins N`.
 */
import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Browserless, type Reply } from '../test/support/browserless.ts';
import { redirectUri } from '../test/support/relying-party.ts';
import { type Asked, askAgain } from './ask-again.ts';
import { authorizationAddress, discoverEndpoints, serviceTokenRequest } from './operations.ts';
import { startBenchDatabase, startGatehouseTarget } from './targets.ts';

const { values: options } = parseArgs({ options: { 'sign-ins': { type: 'string', default: '500' } } });
const count = Number(options['sign-ins']);

process.env.BENCH_NODE_OPTIONS = `--import=${fileURLToPath(new URL('./loop-delay.ts', import.meta.url))}`;
const alive = setInterval(() => {}, 1000);
const database = await startBenchDatabase();
const target = await startGatehouseTarget(database.url, { postgresPid: database.pid });

const quantile = (times: number[], q: number) =>
  (times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * q))] ?? 0).toFixed(0);

async function openPages(endpoints: Awaited<ReturnType<typeof discoverEndpoints>>) {
  const pages: { browser: Browserless; page: Reply }[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  for (let n = 0; n < count; n++) {
    const address = `198.18.${Math.floor(n / 200)}.${1 + (n % 200)}`;
    const browser = new Browserless({ 'x-forwarded-for': address }, { agent });
    pages.push({ browser, page: await browser.open(authorizationAddress(target, endpoints).address, redirectUri) });
  }
  return pages;
}

try {
  const endpoints = await discoverEndpoints(target);
  const token: Asked = { ...serviceTokenRequest(target, endpoints, 'ES256'), url: endpoints.token_endpoint };
  const health: Asked = { url: `${target.issuer}/healthz` };
  const pages = await openPages(endpoints);
  const tell = (when: string, times: { health: number[]; tokens: number[] }) => {
    for (const [name, all] of Object.entries(times))
      console.log(
        `${when}: ${name} p50 ${quantile(all, 0.5)} ms, p99 ${quantile(all, 0.99)} ms, slowest ${quantile(all, 1)} ms`,
      );
  };
  const quiet = [askAgain(health), askAgain(token)];
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const [calmHealth = [], calmTokens = []] = await Promise.all(quiet.map((one) => one.stop(0)));
  tell('before', { health: calmHealth, tokens: calmTokens });
  const asking = [askAgain(health), askAgain(token)];
  // The threads have begun to ask.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const people = target.people ?? [];
  const [pressedAt, begun] = [Date.now(), performance.now()];
  const replies = await Promise.all(
    pages.map(async ({ browser, page }, n) => {
      const { email = '', password = '' } = people[n % people.length] ?? {};
      const reply = await browser.submit(page, { login: email, password }, { until: redirectUri });
      return reply.location ? 'signed in' : `${reply.status}`;
    }),
  );
  const took = performance.now() - begun;
  const [busyHealth = [], busyTokens = []] = await Promise.all(asking.map((one) => one.stop(pressedAt)));
  tell('while', { health: busyHealth, tokens: busyTokens });
  const answers = Object.entries(Object.groupBy(replies, (reply) => reply)).map(
    ([what, all]) => `${all?.length} ${what}`,
  );
  console.log(`${count} sign-ins in ${(took / 1000).toFixed(1)} s: ${answers.join(', ')}`);
} finally {
  await target.stop();
  await database.stop();
  clearInterval(alive);
}
process.exit(0);

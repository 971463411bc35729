/**
 * 500 people press "Sign in" at the same moment, while a load balancer asks `/healthz` and a service asks for tokens: how slow the
 * slowest of these answers is, and what the people are told. Run it with `node bench/overload.ts`; `--sign-ins N`,
 * `--times N`: the first time a server has not run this code before.
 */
import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Browserless, type Reply } from '../test/support/browserless.ts';
import { redirectUri } from '../test/support/relying-party.ts';
import { type Asked, askAgain } from './ask-again.ts';
import { authorizationAddress, discoverEndpoints, serviceTokenRequest } from './operations.ts';
import { leaveFirstCoreToServers, startBenchDatabase, startGatehouseTarget } from './targets.ts';

const { values: options } = parseArgs({
  options: { 'sign-ins': { type: 'string', default: '500' }, times: { type: 'string', default: '3' } },
});
const [count, times] = [Number(options['sign-ins']), Number(options.times)];

process.env.BENCH_NODE_OPTIONS = `--import=${fileURLToPath(new URL('./loop-delay.ts', import.meta.url))}`;
leaveFirstCoreToServers();
const alive = setInterval(() => {}, 1000);
const database = await startBenchDatabase();
const target = await startGatehouseTarget(database.url, { postgresPid: database.pid });

const quantile = (times: number[], q: number) =>
  (times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * q))] ?? 0).toFixed(0);

async function openPages(endpoints: Awaited<ReturnType<typeof discoverEndpoints>>, storm: number) {
  const pages: { browser: Browserless; page: Reply }[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  for (let n = 0; n < count; n++) {
    const address = `198.18.${storm * 16 + Math.floor(n / 200)}.${1 + (n % 200)}`;
    const browser = new Browserless({ 'x-forwarded-for': address }, { agent });
    pages.push({ browser, page: await browser.open(authorizationAddress(target, endpoints).address, redirectUri) });
  }
  return pages;
}

function tell(when: string, times: { health: number[]; tokens: number[] }): void {
  for (const [name, all] of Object.entries(times))
    console.log(
      `${when}: ${name} p50 ${quantile(all, 0.5)} ms, p99 ${quantile(all, 0.99)} ms, slowest ${quantile(all, 1)} ms`,
    );
}

/** @returns what `/healthz` and the tokens took while something went on, asked for since it began. */
async function askedMeanwhile(asked: { health: Asked; tokens: Asked }, something: () => Promise<unknown>) {
  const asking = [askAgain(asked.health), askAgain(asked.tokens)];
  // The threads have begun to ask.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const begunAt = Date.now();
  await something();
  const [health = [], tokens = []] = await Promise.all(asking.map((one) => one.stop(begunAt)));
  return { health, tokens };
}

try {
  const endpoints = await discoverEndpoints(target);
  const asked = {
    health: { url: `${target.issuer}/healthz` },
    tokens: { ...serviceTokenRequest(target, endpoints, 'ES256'), url: endpoints.token_endpoint },
  };
  tell('before', await askedMeanwhile(asked, () => new Promise((resolve) => setTimeout(resolve, 3000))));
  const people = target.people ?? [];
  for (let storm = 0; storm < times; storm++) {
    const pages = await openPages(endpoints, storm);
    const answers: { what: string; ms: number }[] = [];
    tell(
      'while',
      await askedMeanwhile(asked, () =>
        Promise.all(
          pages.map(async ({ browser, page }, n) => {
            const { email = '', password = '' } = people[n % people.length] ?? {};
            const pressed = performance.now();
            const reply = await browser.submit(page, { login: email, password }, { until: redirectUri });
            answers.push({ what: reply.location ? 'signed in' : `${reply.status}`, ms: performance.now() - pressed });
          }),
        ),
      ),
    );
    for (const [what, all = []] of Object.entries(Object.groupBy(answers, (answer) => answer.what))) {
      const ms = all.map((answer) => answer.ms);
      console.log(`${all.length} ${what}: p50 ${quantile(ms, 0.5)} ms, slowest ${quantile(ms, 1)} ms`);
    }
  }
} finally {
  await target.stop();
  await database.stop();
  clearInterval(alive);
}
process.exit(0);

/**
 * Patroni under load: switchovers and kills of the primary, FAILOVERS of each (`npm run test:failover`; docs/scaling.md has the
 * figures). What is lost in a failover is Patroni's to find out and ours to get over, so the two are measured apart.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { type FailoverApp, startFailoverApp } from '../support/failover-app.ts';
import { type FailoverLoad, startFailoverLoad } from '../support/failover-load.ts';
import { missingForPatroni, type PatroniCluster, type PatroniMember, startPatroni } from '../support/patroni.ts';

const rounds = Number(process.env.FAILOVERS ?? 0);

/** Seconds, of one failover. */
interface Figures {
  how: string;
  /** From the deed to a primary that takes writes: Patroni's own. */
  promoted: number;
  /** From the first refusal to the last. */
  refusing: number;
  /** From the new primary's first answer to the last refusal: ours. */
  behind: number;
  refusals: number;
}

(rounds > 0 ? describe : describe.skip)('a failover by Patroni (FAILOVERS=10; npm run test:failover)', function () {
  this.timeout(120_000 + rounds * 240_000);
  let cluster: PatroniCluster;
  let gatehouse: FailoverApp;
  let load: FailoverLoad;
  const figures: Figures[] = [];

  before(async function () {
    const missing = missingForPatroni();
    if (missing !== undefined) {
      say(`not run: Debian's patroni, etcd-server and postgresql-15 are needed, and ${missing} is missing`);
      this.skip();
    }
    cluster = await startPatroni();
    gatehouse = await startFailoverApp(cluster.url);
    load = await startFailoverLoad(gatehouse.app, { people: 2, lines: 4, services: 2, pauseMs: 100 });
  });
  afterEach(function () {
    // The folder is gone by the time at which the reporter tells.
    if (this.currentTest?.state === 'failed')
      say(`${this.currentTest.err?.message}\n${cluster.log().split('\n').filter(isPatronis).slice(-80).join('\n')}`);
  });
  after(async () => {
    await load?.stop();
    await gatehouse?.stop();
    await cluster?.stop();
    if (figures.length > 0) tell(figures, load);
  });

  async function everybodyGoesOn(): Promise<void> {
    const before = { ...load.acknowledged };
    const kinds = Object.keys(before) as (keyof typeof before)[];
    await eventually(
      () => {
        const still = kinds.filter((kind) => load.acknowledged[kind] <= before[kind] + 2);
        if (still.length > 0) throw new Error(`no ${still} any more: ${JSON.stringify(load.troubles.slice(-3))}`);
        return true;
      },
      'all of them go on',
      180_000,
    );
  }

  /** Does it, and measures until everybody goes on. */
  async function measure(how: string, deed: (primary: PatroniMember) => Promise<void>): Promise<void> {
    await cluster.settled();
    await everybodyGoesOn();
    // One that is too busy to answer at once is there all the same.
    const old = await eventually(() => cluster.primary(), 'the primary answers');
    const begun = performance.now();
    load.troubles.length = 0;
    const promoted = newPrimary(old).then(() => performance.now());
    await deed(old);
    const there = await promoted;
    await everybodyGoesOn();
    // Whoever is still refused afterwards belongs to it.
    await sleep(1_000);
    const times = load.troubles.map(({ at }) => at);
    const seconds = (ms: number) => Math.round(Math.max(0, ms) / 10) / 100;
    figures.push({
      how,
      promoted: seconds(there - begun),
      refusing: times.length === 0 ? 0 : seconds(Math.max(...times) - Math.min(...times)),
      behind: times.length === 0 ? 0 : seconds(Math.max(...times) - there),
      refusals: times.length,
    });
    cluster.revive(old);
    assert.deepEqual(load.faults, []);
  }

  async function newPrimary(old: PatroniMember): Promise<void> {
    await eventually(
      async () => {
        const found = await cluster.primary();
        return found !== undefined && found.name !== old.name;
      },
      'another primary is there',
      180_000,
    );
  }

  for (let n = 1; n <= rounds; n++) {
    it(`switches over, ${n} of ${rounds}`, () => measure('switchover', () => cluster.switchover()));
    // Patroni sees at once that its PostgreSQL is gone; that it is gone itself the others see when its lease has run out.
    const agent = n % 2 === 0;
    it(`survives kill -9 of the primary${agent ? ' and its Patroni' : ''}, ${n} of ${rounds}`, () =>
      measure(agent ? 'kill -9 of both' : 'kill -9 of PostgreSQL', (primary) => cluster.kill(primary, agent)));
  }

  it('lost nothing that was acknowledged, doubled no line, used no code twice, and answered no 500', async () => {
    await load.stop();
    await load.verify();
    assert.deepEqual(load.faults, []);
    for (const { how, behind } of figures)
      assert.ok(behind <= 5, `${how}: refused for ${behind} s after the promotion`);
  });
});

function tell(figures: readonly Figures[], load: FailoverLoad): void {
  const { signIns, refreshes, serviceTokens } = load.acknowledged;
  say(`\n    acknowledged: ${signIns} sign-ins, ${refreshes} refreshes, ${serviceTokens} service tokens`);
  say(`    answers lost for longer than a repeated refresh is answered: ${load.lostAnswers}`);
  say('    | | times | new primary after (s) | refused for (s) | of it after the promotion (s) |');
  for (const how of new Set(figures.map((one) => one.how))) {
    const own = figures.filter((one) => one.how === how);
    const span = (pick: (one: Figures) => number) => {
      const sorted = own.map(pick).sort((one, other) => one - other);
      return `${sorted[Math.floor(sorted.length / 2)]} (${sorted[0]} to ${sorted.at(-1)})`;
    };
    const columns = [span((one) => one.promoted), span((one) => one.refusing), span((one) => one.behind)];
    say(`    | ${how} | ${own.length} | ${columns.join(' | ')} |`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Of Patroni itself, without what PostgreSQL says each time it finds no primary. */
function isPatronis(line: string): boolean {
  return / (INFO|WARNING|ERROR): /.test(line) && !/Lock owner|no action/.test(line);
}

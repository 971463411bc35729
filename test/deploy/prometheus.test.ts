/** The alerts and the dashboard as Prometheus itself takes them: its own tests of each rule, and each query on a running server. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Gauge } from 'prom-client';
import { type MetricsServer, startMetricsServer } from '../../src/platform/metrics.ts';
import { eventually } from '../support/eventually.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { hasPrometheus, type Prometheus, promtool, startPrometheus } from '../support/prometheus.ts';
import { discover, signIn } from '../support/relying-party.ts';
import { readYaml } from '../support/yaml.ts';

const folder = fileURLToPath(new URL('../../deploy/monitoring/', import.meta.url));
const rules = join(folder, 'alerts.yaml');
const tests = join(folder, 'alerts.test.yaml');
const [{ groups }] = readYaml(readFileSync(rules, 'utf8'));
const alerts: string[] = groups.flatMap(({ rules: of }: { rules: { alert: string }[] }) =>
  of.map(({ alert }) => alert),
);

interface Panel {
  title: string;
  targets: { expr: string }[];
}

/** Each query of the dashboard, as Grafana would send it. */
const queries = (JSON.parse(readFileSync(join(folder, 'dashboard.json'), 'utf8')).panels as Panel[]).flatMap(
  ({ title, targets }) =>
    targets.map(({ expr }) => ({
      title,
      query: expr.replaceAll('$job', 'gatehouse').replaceAll('$__rate_interval', '1m'),
    })),
);

describe('what Prometheus is given', function () {
  this.timeout(180_000);

  it('has a test of each alert, in which it fires, and in which it does not', () => {
    const [{ tests: told }] = readYaml(readFileSync(tests, 'utf8'));
    const cases: { alertname: string; exp_alerts: unknown[] }[] = told.flatMap(
      (one: { alert_rule_test: unknown[] }) => one.alert_rule_test,
    );
    for (const fires of [true, false])
      assert.deepEqual(
        alerts.filter((alert) => !cases.some((one) => one.alertname === alert && one.exp_alerts.length > 0 === fires)),
        [],
        fires ? 'never fire in a test' : 'fire in every test',
      );
    assert.equal(alerts.length, 12);
  });

  it('holds as promtool reads it', function () {
    if (!hasPrometheus()) return this.skip();
    assert.match(promtool('check', 'rules', rules), new RegExp(`SUCCESS: ${alerts.length} rules found`));
    assert.match(promtool('test', 'rules', tests), /SUCCESS/);
    // The dashboard's queries in the form of rules, which promtool parses.
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-promtool-'));
    try {
      const file = join(directory, 'queries.json');
      const recorded = queries.map(({ query }, n) => ({ record: `query_${n}`, expr: query }));
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }));
      assert.match(promtool('check', 'rules', file), new RegExp(`SUCCESS: ${queries.length} rules found`));
      assert.ok(queries.length > 15 && queries.every(({ query }) => !query.includes('$')));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('is refused by promtool where it is wrong', function () {
    if (!hasPrometheus()) return this.skip();
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-promtool-'));
    try {
      const file = join(directory, 'alerts.yaml');
      const text = readFileSync(rules, 'utf8');
      writeFileSync(file, text.replace('sum(rate(', 'sum(rate('.slice(0, -1)));
      assert.throws(() => promtool('check', 'rules', file), /could not parse expression/);
      writeFileSync(file, text.replace('== 0', '== 1'));
      const [{ tests: all, ...settings }] = readYaml(readFileSync(tests, 'utf8'));
      const one = { ...settings, tests: all.filter(({ name }: { name: string }) => name.startsWith('GatehouseDown')) };
      writeFileSync(join(directory, 'alerts.test.yaml'), JSON.stringify(one));
      assert.throws(() => promtool('test', 'rules', join(directory, 'alerts.test.yaml')), /GatehouseDown/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  describe('on a running server', () => {
    let stage: MessagingApp | undefined;
    let metrics: MetricsServer | undefined;
    let prometheus: Prometheus | undefined;

    before(async function () {
      if (!hasPrometheus()) return this.skip();
      stage = await startMessagingApp();
      const { registry } = stage.app.server.metrics;
      metrics = await startMetricsServer({ port: 0, host: '127.0.0.1', source: registry });
      prometheus = await startPrometheus({ metricsPort: metrics.port, rules });
      // As after the job that seals, which waits for the end of an hour.
      for (const [name, value] of [
        ['gatehouse_audit_sealed_until_seconds', Date.now() / 1000 - 600],
        ['gatehouse_audit_seal_number', 1],
      ] as const)
        (registry.getSingleMetric(name) as Gauge).set(value);
    });
    after(async () => {
      await prometheus?.stop();
      await metrics?.stop();
      await stage?.stop();
    });

    it('evaluates each rule', async () => {
      const found = await eventually(async () => {
        const now = (await prometheus?.rules()) ?? [];
        return now.every(({ health }) => health !== 'unknown') && now;
      });
      assert.deepEqual(
        found.map(({ name, health, lastError }) => [name, health, lastError]),
        alerts.map((alert) => [alert, 'ok', undefined]),
      );
    });

    it('draws each picture of the dashboard', async () => {
      const { app, ...visitors } = stage as MessagingApp;
      const person = await app.person();
      const party = await discover(app, await app.relyingParty());
      await eventually(async () => {
        // A rate is between two looks.
        await signIn(party, person, { browser: visitors.visitor() });
        await fetch(`${app.issuer}/nowhere`);
        const code = visitors.visitor();
        const { base } = await visitors.begin(party, code);
        await code.send(`${base}/code`, { channel: 'email', address: person.email });
        await visitors.settled();
        for (const { title, query } of queries) {
          const values = await (prometheus as Prometheus).query(query);
          assert.ok(values.some(Number.isFinite), `${title}: ${query} has no value, but ${values}`);
        }
        return true;
      });
      // A server that is well alarms nobody.
      assert.deepEqual(await prometheus?.query('ALERTS{alertstate="firing",alertname!="GatehouseSlow"}'), []);
    });
  });
});

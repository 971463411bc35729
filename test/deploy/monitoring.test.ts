/** What operators watch by exists: the metrics of the rules and the dashboard, the sections of the runbook, the fields of the log. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTestApp, type TestApp } from '../support/app.ts';
import { readYaml } from '../support/yaml.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (path: string) => readFileSync(new URL(path, `file://${root}/`), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

const rules: Rule[] = readYaml(textOf('deploy/monitoring/alerts.yaml'))[0].groups.flatMap(
  ({ rules: of }: { rules: Rule[] }) => of,
);
const dashboard = JSON.parse(textOf('deploy/monitoring/dashboard.json'));
const panels: { title: string; targets: { expr: string; legendFormat: string }[] }[] = dashboard.panels;

/** What Prometheus adds to everything it reads, and what it knows by itself. */
const ofPrometheus = ['job', 'instance', 'le'];

/** The metrics that an expression names, each with the labels that it is narrowed by. */
function metricsIn(expression: string): { name: string; labels: [string, string][] }[] {
  return [...expression.matchAll(/\b((?:gatehouse|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', inside = '']) => ({
      name,
      labels: [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label = '', value = '']) => [
        label,
        value,
      ]),
    }),
  );
}

describe('what is watched', () => {
  let app: TestApp;
  /** Of each name that Prometheus sees, its labels. */
  const known = new Map<string, string[]>();

  before(async () => {
    app = await startTestApp();
    const { registry } = app.server.metrics;
    // Some are made where they are read.
    await registry.metrics();
    for (const { name, type } of await registry.getMetricsAsJSON()) {
      const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: string[] };
      known.set(name, labelNames);
      if (String(type) === 'histogram')
        for (const part of ['bucket', 'sum', 'count']) known.set(`${name}_${part}`, labelNames);
    }
  });
  after(() => app?.stop());

  const expressions = [
    ...rules.map(({ alert, expr }) => ({ of: alert, expr })),
    ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ of: title, expr }))),
  ];

  it('is a metric that the program has, by labels that it has', () => {
    for (const { of, expr } of expressions) {
      for (const { name, labels } of metricsIn(expr)) {
        const names = known.get(name);
        assert.ok(names, `${of}: ${name}`);
        for (const [label] of labels)
          assert.ok([...names, ...ofPrometheus].includes(label), `${of}: ${name}{${label}}`);
      }
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
      const all = new Set(metricsIn(expr).flatMap(({ name }) => known.get(name) ?? []));
      for (const label of grouped) assert.ok(all.has(label) || ofPrometheus.includes(label), `${of}: by (${label})`);
    }
  });

  it('is narrowed by values that the program writes', () => {
    const sources = globSync('src/**/*.ts', { cwd: root }).map(textOf).join('\n');
    for (const { of, expr } of expressions)
      for (const { labels } of metricsIn(expr))
        for (const [label, value] of labels) {
          if (['job', 'status', 'route'].includes(label)) continue;
          for (const one of value.split('|')) assert.match(sources, new RegExp(`'${one}'`), `${of}: ${label}="${one}"`);
        }
  });

  it('has a picture for each metric of our own', () => {
    const pictured = new Set(
      panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr).map(({ name }) => name))),
    );
    const own = [...known.keys()].filter(
      (name) => name.startsWith('gatehouse_') && !/_(?:sum|count|seconds)$/.test(name),
    );
    assert.deepEqual(
      own.filter((name) => !pictured.has(name)),
      [],
    );
    assert.ok(pictured.has('gatehouse_audit_sealed_until_seconds'));
    assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
  });

  it('leads from each alert to its section of the runbook, which says what it means, what to look at and what to do', () => {
    const runbook = textOf('docs/runbook.md');
    const sections = new Map(
      runbook
        .split(/^## /m)
        .slice(1)
        .map((section) => [section.slice(0, section.indexOf('\n')), section]),
    );
    assert.deepEqual(
      [...sections.keys()],
      rules.map(({ alert }) => alert),
    );
    for (const { alert, annotations, labels } of rules) {
      assert.equal(annotations.runbook_url, `docs/runbook.md#${alert.toLowerCase()}`);
      assert.ok(annotations.summary, alert);
      assert.ok(['critical', 'warning'].includes(labels.severity as string), alert);
      for (const part of ['**What it means.**', '**Look at.**', '**Do.**'])
        assert.ok(sections.get(alert)?.includes(part), `${alert}: ${part}`);
    }
  });

  it('is called in the runbook as the dashboard, the doctor and the console call it', () => {
    const runbook = textOf('docs/runbook.md').replaceAll(/\s+/g, ' ');
    const checks = globSync('src/checks/*.ts', { cwd: root }).flatMap((path) =>
      [...textOf(path).matchAll(/\bname(?: =|:) '([a-z ]+)'/g)].map(([, name = '']) => name),
    );
    const words = globSync('views/locales/en/console-*.json', { cwd: root }).flatMap((path) =>
      [...textOf(path).matchAll(/: "([^"]+)"/g)].map(([, word = '']) => word),
    );
    const titles = panels.map(({ title }) => title);
    const quoted = [...runbook.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
    assert.ok(quoted.length > 10 && checks.length > 10);
    for (const name of quoted)
      assert.ok(
        checks.includes(name) || words.includes(name) || titles.some((title) => title.split(',')[0] === name),
        name,
      );
    const sections = [...runbook.matchAll(/\*\*([^*.]+)\*\*/g)].map(([, name = '']) => name);
    assert.ok(sections.length > 4);
    for (const section of sections) assert.ok(words.includes(section), section);
  });
});

describe('the fields of the log', () => {
  const documented = new Set(
    [...textOf('docs/logs.md').matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
    ),
  );

  /** The names in the object that a logger is given, at its first level. */
  function fieldsIn(source: string): string[] {
    return [
      ...source.matchAll(/\b(?:logger|log)(?:\.(?:trace|debug|info|warn|error|fatal|child)|\[[^\]]*\])\(\s*\{/g),
    ].flatMap((found) => {
      const fields: string[] = [];
      let depth = 1;
      let field = '';
      for (let at = found.index + found[0].length; depth > 0; at++) {
        const character = source[at] as string;
        if ('{(['.includes(character)) depth += 1;
        if ('})]'.includes(character)) depth -= 1;
        if (depth === 0 || (depth === 1 && character === ',')) {
          fields.push(field.split(':')[0]?.trim() ?? '');
          field = '';
        } else field += character;
      }
      // What is spread says its own names.
      return fields.filter((name) => /^\w+$/.test(name));
    });
  }

  it('are those that docs/logs.md names, and no others', () => {
    const written = new Set(
      globSync('src/**/*.ts', { cwd: root })
        // Its own text has patterns.
        .filter((path) => !path.endsWith('platform/logger.ts'))
        .flatMap((path) => fieldsIn(textOf(path))),
    );
    assert.ok(written.has('requestId') && written.has('err'), 'they are found');
    const always = ['level', 'time', 'pid', 'msg'];
    assert.deepEqual([...written].filter((name) => !documented.has(name)).sort(), [], 'not in docs/logs.md');
    assert.deepEqual(
      [...documented].filter((name) => !written.has(name) && !always.includes(name)).sort(),
      [],
      'written nowhere',
    );
  });
});

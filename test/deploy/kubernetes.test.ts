/**
 * The manifests of deploy/kubernetes, read and held against the program: settings, files, ports, paths, commands, the image. No cluster
 * is asked; what a server does when a pod is stopped is test/flows/rolling-update.test.ts.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, environmentSchema, loadConfig } from '../../src/config.ts';
import { startMetricsServer } from '../../src/platform/metrics.ts';
import { runGatehouse } from '../commands/run-gatehouse.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { send } from '../support/loopback.ts';
import { readYaml } from '../support/yaml.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const base = 'deploy/kubernetes/base';
const overlay = 'deploy/kubernetes/overlays/example';
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
const readAll = (folder: string) =>
  readdirSync(join(root, folder)).flatMap((name) => readYaml(textOf(join(folder, name))));

const documents = readAll(base);
const kind = (name: string, of = documents) => of.find((document) => document.kind === name);
const pod = kind('Deployment').spec.template.spec;
const [server] = pod.containers;
const [migrate] = pod.initContainers;

interface Variable {
  name: string;
  value: string;
}

describe('the manifests for Kubernetes', () => {
  const secrets = {
    SECRET_KEY: 'Zk3vT9qLw7RbYp2XnHc5MdGa8SfJu4EeKi6oVtB1',
    DATABASE_URL: 'postgres://gatehouse_server:pw@db.example.org/gatehouse?sslmode=verify-full',
    DATABASE_OWNER_URL: 'postgres://gatehouse:pw@db.example.org/gatehouse?sslmode=verify-full',
    SMTP_URL: 'smtps://user:pw@mail.example.org',
  };

  /** The configuration that a container makes, with files where its secrets are mounted; `also`: as an overlay changes it. */
  function configOf(
    container: { env: Variable[] },
    also: { env?: Variable[]; data?: Record<string, string> } = {},
  ): Config {
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-manifests-'));
    try {
      const files = [...container.env, ...(also.env ?? [])].map(({ name, value }) => {
        const secret = value.split('/').at(-1) as keyof typeof secrets;
        assert.ok(secrets[secret], `${name} names a secret`);
        assert.equal(name, `${secret}_FILE`);
        writeFileSync(join(directory, secret), `${secrets[secret]}\n`);
        return [name, join(directory, secret)];
      });
      return loadConfig({ ...kind('ConfigMap').data, ...also.data, ...Object.fromEntries(files) });
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  const inOverlay = readAll(overlay);
  const [patched] = inOverlay.find(({ kind: is }) => is === 'Deployment').spec.template.spec.containers;
  const changed = { data: kind('ConfigMap', inOverlay).data, env: patched.env };

  it('name files that are there', () => {
    for (const folder of [base, overlay]) {
      const { resources, patches = [] } = readYaml(textOf(join(folder, 'kustomization.yaml')))[0];
      const named = [...resources, ...patches.map(({ path }: { path: string }) => path)];
      for (const path of named) assert.ok(existsSync(join(root, folder, path)), `${folder}: ${path}`);
      const others = readdirSync(join(root, folder)).filter((name) => name !== 'kustomization.yaml');
      assert.deepEqual(
        others.filter((name) => !named.includes(name)),
        [],
      );
    }
  });

  it('have settings that the program has, and takes in production', () => {
    const known = Object.keys(environmentSchema.shape);
    const given = [
      ...[kind('ConfigMap'), kind('ConfigMap', inOverlay)].flatMap(({ data }) => Object.keys(data)),
      ...[server, migrate, patched].flatMap(({ env }) => env.map(({ name }: Variable) => name)),
    ];
    assert.deepEqual(
      given.filter((name) => !known.includes(name)),
      [],
    );
    for (const container of [server, migrate])
      for (const also of [{}, changed]) assert.equal(configOf(container, also).isProduction, true);
    assert.equal(configOf(server, changed).mail.smtpUrl, secrets.SMTP_URL);
  });

  it('mount each secret where it is looked for, and the owner’s URL for migrations alone', () => {
    const volumes = new Map(
      pod.volumes.map((one: { name: string; secret: { secretName: string } }) => [one.name, one.secret]),
    );
    const { secretGenerator } = readYaml(textOf(`${overlay}/kustomization.yaml`))[0];
    for (const { env, volumeMounts } of [server, migrate]) {
      for (const { name, value } of [...env, ...patched.env] as Variable[]) {
        const mount = volumeMounts.find(({ mountPath }: { mountPath: string }) => mountPath === dirname(value));
        assert.ok(mount?.readOnly, name);
        const { secretName } = volumes.get(mount.name) as { secretName: string };
        const { files } = secretGenerator.find(({ name: of }: { name: string }) => of === secretName);
        assert.ok(files.includes(`secrets/${value.split('/').at(-1)}`), `${secretName} has ${name}`);
      }
    }
    assert.doesNotMatch(JSON.stringify(server), /owner/i);
    assert.ok(configOf(migrate).database.ownerUrl);
    for (const { secret } of pod.volumes) assert.equal(secret.defaultMode, 0o440);
  });

  it('take away all that the program does not need', () => {
    const { runAsNonRoot, runAsUser, runAsGroup, fsGroup, seccompProfile } = pod.securityContext;
    assert.deepEqual(
      { runAsNonRoot, seccompProfile },
      { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    );
    // The account `node` of the official image, as which the Dockerfile runs it.
    assert.deepEqual([runAsUser, runAsGroup, fsGroup], [1000, 1000, 1000]);
    assert.match(textOf('Dockerfile'), /^USER node$/m);
    assert.equal(pod.automountServiceAccountToken, false);
    for (const { securityContext, resources } of [server, migrate]) {
      assert.deepEqual(securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.ok(resources.requests.cpu && resources.requests.memory && resources.limits.memory);
    }
    // Nothing that could be written to.
    assert.ok(pod.volumes.every((volume: object) => Object.keys(volume).sort().join() === 'name,secret'));
  });

  it('run commands that there are, of files that the image has', async () => {
    const help = (await runGatehouse(['help'], {})).stdout;
    for (const { args, command } of [server, migrate]) {
      assert.equal(command, undefined);
      const [node, file, verb] = args;
      assert.equal(node, 'node');
      assert.match(textOf('Dockerfile'), /^COPY bin bin$/m);
      assert.ok(existsSync(join(root, file)));
      assert.match(help, new RegExp(`^ {2}${verb} `, 'm'));
    }
    assert.match(
      textOf('Dockerfile'),
      new RegExp(`^CMD ${JSON.stringify(server.args).replaceAll(',', ', ').replace(/[[\]]/g, '\\$&')}$`, 'm'),
    );
  });

  it('give a pod that stops the time that it takes, and stop none before another is ready', () => {
    const { replicas, strategy } = kind('Deployment').spec;
    assert.ok(replicas >= 2);
    assert.equal(strategy.rollingUpdate.maxUnavailable, 0);
    assert.ok(kind('PodDisruptionBudget').spec.maxUnavailable < replicas);
    const { listen } = configOf(server);
    const { periodSeconds, failureThreshold, timeoutSeconds } = server.readinessProbe;
    assert.ok(listen.drainSeconds > periodSeconds * failureThreshold + timeoutSeconds);
    assert.ok(pod.terminationGracePeriodSeconds > listen.drainSeconds + 10);
  });

  it('lead to each other by labels and ports', () => {
    const { labels } = kind('Deployment').spec.template.metadata;
    const selectors = [
      kind('Deployment').spec.selector.matchLabels,
      kind('Service').spec.selector,
      kind('PodDisruptionBudget').spec.selector.matchLabels,
      kind('NetworkPolicy').spec.podSelector.matchLabels,
    ];
    for (const selector of selectors) assert.deepEqual(selector, labels);
    const ports = new Map(
      server.ports.map((port: { name: string; containerPort: number }) => [port.name, port.containerPort]),
    );
    const { listen, metrics } = configOf(server);
    assert.deepEqual([ports.get('http'), ports.get('metrics')], [listen.port, metrics.port]);
    assert.deepEqual([listen.host, metrics.host], ['0.0.0.0', '0.0.0.0']);
    const used = [
      ...kind('Service').spec.ports.map(({ targetPort }: { targetPort: string }) => targetPort),
      ...kind('NetworkPolicy').spec.ingress.flatMap(({ ports: of }: { ports: { port: string }[] }) =>
        of.map(({ port }) => port),
      ),
      ...['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => server[probe].httpGet.port),
    ];
    for (const name of used) assert.ok(ports.has(name), name);
    const annotations = kind('Deployment').spec.template.metadata.annotations;
    assert.equal(annotations['prometheus.io/port'], String(metrics.port));
    const { rules } = kind('Ingress', inOverlay).spec;
    assert.equal(rules[0].http.paths[0].backend.service.name, kind('Service').metadata.name);
    assert.equal(`https://${rules[0].host}`, configOf(server, changed).issuer);
  });

  describe('on a running server', () => {
    let app: TestApp;
    before(async () => {
      app = await startTestApp();
    });
    after(() => app?.stop());

    it('ask addresses that answer, without a Host of ours', async () => {
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
        const answer = await send(
          { port: app.config.listen.port },
          { path: server[probe].httpGet.path, headers: { host: '10.1.2.3:3000' } },
        );
        assert.equal(answer.status, 200, probe);
      }
      assert.equal(server.livenessProbe.httpGet.path, '/healthz');
      const metrics = await startMetricsServer({ port: 0, host: '127.0.0.1', source: app.server.metrics.registry });
      try {
        const path = kind('Deployment').spec.template.metadata.annotations['prometheus.io/path'];
        assert.equal((await send(metrics, { path })).status, 200);
      } finally {
        await metrics.stop();
      }
    });
  });
});

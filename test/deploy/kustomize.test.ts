/** The manifests of deploy/kubernetes as kubectl renders them: what the example's overlay makes of the base. No cluster is asked. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readYaml } from '../support/yaml.ts';

const folder = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));

const kubectl = (...args: string[]) => spawnSync('kubectl', args, { encoding: 'utf8', timeout: 120_000 });

/** Debian 12 has 1.20, which knows neither `labels` nor `patches`. */
function canRender(): boolean {
  const { status, stdout } = kubectl('version', '--client', '--output=json');
  const [, major] = status === 0 ? (/"kustomizeVersion": *"v(\d+)\./.exec(stdout) ?? []) : [];
  return Number(major) >= 5;
}

describe('the manifests for Kubernetes, rendered', function () {
  this.timeout(180_000);
  const secrets: Record<string, string> = {
    SECRET_KEY: 'of-the-secret-key',
    DATABASE_URL: 'of-the-server',
    DATABASE_OWNER_URL: 'of-the-owner',
    SMTP_URL: 'of-the-mail-server',
  };
  let documents: ReturnType<typeof readYaml> = [];
  let directory: string | undefined;
  const kind = (name: string) => documents.find((document) => document.kind === name);

  before(function () {
    if (!canRender()) return this.skip();
    directory = mkdtempSync(join(tmpdir(), 'gatehouse-kustomize-'));
    cpSync(folder, directory, { recursive: true });
    const overlay = join(directory, 'overlays/example');
    const without = kubectl('kustomize', overlay);
    assert.notEqual(without.status, 0, 'the secrets are asked for');
    assert.match(without.stderr, /secrets\/SECRET_KEY/);
    mkdirSync(join(overlay, 'secrets'));
    for (const [name, value] of Object.entries(secrets)) writeFileSync(join(overlay, 'secrets', name), value);
    const { status, stdout, stderr } = kubectl('kustomize', overlay);
    assert.equal(status, 0, stderr);
    // It warns of what is old.
    assert.equal(stderr, '');
    documents = readYaml(stdout);
  });
  after(() => directory !== undefined && rmSync(directory, { recursive: true }));

  it('are all there, in the namespace', () => {
    const kinds = ['ConfigMap', 'Deployment', 'Ingress', 'NetworkPolicy', 'PodDisruptionBudget', 'Secret', 'Secret'];
    assert.deepEqual(documents.map((document) => document.kind).sort(), [...kinds, 'Service']);
    for (const { metadata } of documents) assert.equal(metadata.namespace, 'gatehouse');
  });

  it('have the settings of the base but for those of the overlay', () => {
    const { data } = kind('ConfigMap');
    assert.equal(data.TRUSTED_PROXIES, '10.244.0.0/16');
    assert.equal(data.NODE_ENV, 'production');
    assert.ok(data.MAIL_FROM);
    for (const value of Object.values(data)) assert.equal(typeof value, 'string');
  });

  it('give each container the secrets that it reads, and the owner to the migration alone', () => {
    const { spec } = kind('Deployment').spec.template;
    const held = new Map<string, string[]>(
      documents
        .filter((document) => document.kind === 'Secret')
        .map(({ metadata, data }) => [metadata.name, Object.keys(data)]),
    );
    const mounted = new Map<string, string>(
      spec.volumes.map(({ name, secret }: { name: string; secret: { secretName: string } }) => [
        name,
        secret.secretName,
      ]),
    );
    const read = (container: {
      image: string;
      env: { name: string; value: string }[];
      volumeMounts: { name: string; mountPath: string }[];
    }) => {
      assert.match(container.image, /^registry\.example\.org\/gatehouse:/);
      for (const { name, value } of container.env) {
        const mount = container.volumeMounts.find(({ mountPath }) => value.startsWith(`${mountPath}/`));
        // A secret that changed has another name, and so the pods are replaced.
        const keys = held.get(mounted.get(mount?.name ?? '') ?? '');
        assert.ok(keys?.includes(value.split('/').at(-1) ?? ''), `${name}: ${value}`);
      }
      return container.env.map(({ name }) => name).sort();
    };
    const ofServer = ['DATABASE_URL_FILE', 'SECRET_KEY_FILE', 'SMTP_URL_FILE'];
    assert.deepEqual(spec.containers.map(read), [ofServer]);
    assert.deepEqual(spec.initContainers.map(read), [['DATABASE_OWNER_URL_FILE', ...ofServer]]);
    for (const name of held.keys()) assert.match(name, /^gatehouse(?:-owner)?-[a-z0-9]{10}$/);
  });

  it('select the pods that they make, and nobody else', () => {
    const { labels } = kind('Deployment').spec.template.metadata;
    for (const selector of [
      kind('Deployment').spec.selector.matchLabels,
      kind('Service').spec.selector,
      kind('PodDisruptionBudget').spec.selector.matchLabels,
      kind('NetworkPolicy').spec.podSelector.matchLabels,
      kind('Deployment').spec.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels,
    ])
      assert.deepEqual(selector, labels);
    assert.equal(labels['app.kubernetes.io/name'], 'gatehouse');
    // Those of others are named by their own labels alone.
    for (const { from } of kind('NetworkPolicy').spec.ingress)
      assert.deepEqual(Object.keys(from[0].namespaceSelector.matchLabels), ['kubernetes.io/metadata.name']);
  });
});

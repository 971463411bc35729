import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration } from '../../src/commands/configuration/read-configuration.ts';
import { mostBytes, readYaml, YamlFault } from '../../src/commands/configuration/read-yaml.ts';
import { referredSecret } from '../../src/commands/configuration/referred-secrets.ts';
import { writeYaml } from '../../src/commands/configuration/write-yaml.ts';
import type { TreeNode } from '../../src/domain/organisation/whole-tree.ts';
import { ConfigurationFault } from '../../src/management/configuration/fault.ts';
import { type NodeEntry, planTree } from '../../src/management/configuration/tree.ts';
import { secretFileVariables } from '../../src/platform/environment/secret-files.ts';

describe('files of a configuration', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-files-'));
  });
  after(() => rm(directory, { recursive: true }));

  async function faultOf(text: string): Promise<string> {
    const file = join(directory, 'file.yaml');
    await writeFile(file, text);
    const error = await readConfiguration(file).then(
      () => assert.fail('it is read'),
      (refused: Error) => refused,
    );
    assert.equal(error.name, 'CommandFailed', error.stack);
    return error.message.replaceAll(`${file}:`, '');
  }

  it('are refused where they could be read in two ways or stand for something endless', async () => {
    const laughs = Array.from({ length: 30 }, (_, n) => `l${n + 1}: &l${n + 1} [*l${n}, *l${n}]`).join('\n');
    assert.equal(await faultOf(`l0: &l0 [ha]\n${laughs}\n`), '1:6: anchors are not taken');
    assert.match(
      await faultOf('gatehouse: 1\ntenants: *there\n'),
      /^2:1\d: (?:aliases are not taken|unidentified alias)/,
    );
    assert.equal(await faultOf('gatehouse: !!int "1"\n'), '1:12: tags are not taken');
    assert.equal(await faultOf('gatehouse: !<tag:yaml.org,2002:js/function> x\n'), '1:12: tags are not taken');
    assert.match(await faultOf('gatehouse: 1\napis: {}\napis: {}\n'), /^3:\d+: duplicated mapping key/);
    assert.match(await faultOf('gatehouse: 1\n---\ngatehouse: 1\n'), /holds a second document/);
    assert.match(await faultOf(`gatehouse: ${'['.repeat(5_000)}`), /^1:\d+: .*(?:nest|depth)/);
    assert.match(await faultOf('gatehouse: 1\n\ttabs: no\n'), /^2:\d+: /);
    assert.match(await faultOf('- a list\n'), /is no mapping of names to values/);
    assert.match(await faultOf(''), /gatehouse/);
  });

  it('are refused where they are too large, before they are read', async () => {
    const file = join(directory, 'large.yaml');
    await writeFile(file, '');
    await truncate(file, mostBytes + 1);
    await assert.rejects(readConfiguration(file), /large\.yaml: is larger than 64 MiB/);
    await assert.rejects(readConfiguration(join(directory, 'nowhere.yaml')), /cannot be read \(ENOENT\)/);
  });

  it('are refused by the place and the path of what is not known, all of it at once', async () => {
    const faults = await faultOf(`gatehouse: 1
tenants:
  north:
    rolls: {}
    roles:
      Teacher: { capabilities: [not a key] }
    settings: { session_hours: -1 }
  Not A Slug: {}
`);
    assert.deepEqual(
      faults.split('\n').map((line) => line.replace(/^(\d+:\d+: [^:]+): .*$/, '$1')),
      [
        '8:3: tenants."Not A Slug"',
        '6:33: tenants.north.roles.Teacher.capabilities.0',
        '7:17: tenants.north.settings.session_hours',
        '4:5: tenants.north.rolls',
      ].toSorted((left, right) => faults.indexOf(left) - faults.indexOf(right)),
    );
    assert.match(await faultOf('tenants: {}\n'), /^1:1: gatehouse: /);
    assert.match(await faultOf('gatehouse: 2\n'), /^1:1: gatehouse: /);
    assert.match(
      await faultOf('gatehouse: 1\nidentity_providers: { p: { client_secret: in-the-file } }\n'),
      /client_secret/,
    );
    assert.doesNotMatch(
      await faultOf('gatehouse: 1\nidentity_providers: { p: { client_secret: in-the-file } }\n'),
      /in-the-file/,
    );
  });

  it('may call things by names that objects have by themselves, but for one', async () => {
    const file = join(directory, 'names.yaml');
    await writeFile(file, 'gatehouse: 1\ntenants: { t: { roles: { constructor: {}, toString: {} } } }\n');
    const { document } = await readConfiguration(file);
    assert.deepEqual(Object.keys(document.tenants.get('t')?.sections.get('roles') ?? {}), ['constructor', 'toString']);
    const fault = await faultOf('gatehouse: 1\ntenants: { t: { roles: { __proto__: { description: p } } } }\n');
    assert.match(fault, /^2:\d+: tenants\.t\.roles\.__proto__: cannot be called so$/);
  });

  it('are written so that they are read as the same', () => {
    const values = [
      '',
      ' ',
      'yes',
      'No',
      'null',
      '~',
      '1',
      '1e3',
      '0x1f',
      '.inf',
      '-',
      '- a',
      'a: b',
      'a #b',
      '#',
      '*a',
      '&a',
      '!a',
    ];
    const more = [
      'a\nb',
      '\ttab',
      '"',
      "'",
      '\\',
      '\u0000',
      '\u2028',
      '\ufeff',
      'é',
      '😀',
      '2020-01-01',
      'a,b',
      '[a]',
      '{a}',
      '@a',
      '`a`',
      '%a',
      'a  b',
      '?',
      '|',
      '>',
    ];
    const all = [...values, ...more];
    const value = {
      list: all,
      record: Object.fromEntries(all.map((name) => [name, name])),
      nested: all.map((name) => ({ [name]: [[name], {}, []], deep: { [name]: { x: null, y: 1.5, z: false } } })),
      empty: [{}, []],
    };
    assert.deepEqual(readYaml(writeYaml(value)).value, value);
  });

  it('refer to secrets that are there, and are told which is not', async () => {
    const file = join(directory, 'secret');
    await writeFile(file, 'the secret\n');
    assert.equal(referredSecret({ file }), 'the secret');
    assert.throws(() => referredSecret({ file: join(directory, 'none') }), /which is not there or empty/);
    assert.throws(
      () => referredSecret({ env: 'GATEHOUSE_TEST_NOT_SET' }),
      /the variable GATEHOUSE_TEST_NOT_SET, which is not there/,
    );
  });

  it('refer to no setting of the server', () => {
    const files = Object.keys(secretFileVariables);
    for (const env of [...files, ...files.map((name) => name.replace(/_FILE$/, ''))])
      assert.throws(() => referredSecret({ env }), /is a setting of the server/, env);
  });

  it('have no YAML fault without its position', () => {
    assert.throws(
      () => readYaml('a: [1, 2\nb: 3\n'),
      (error: Error) => error instanceof YamlFault && error.position.line >= 1 && error.position.column >= 1,
    );
  });
});

describe('the tree of a file', () => {
  const node = (id: string, parentId: string | null, more: Partial<TreeNode> = {}): TreeNode => ({
    id,
    parentId,
    type: 'school',
    name: id,
    externalId: null,
    active: true,
    ...more,
  });
  const tree = [
    node('root', null),
    node('a', 'root', { externalId: 'ka' }),
    node('b', 'a', { externalId: 'kb' }),
    node('c', 'b'),
  ];
  const entry = (name: string, more: Partial<NodeEntry> = {}): NodeEntry => ({ name, type: 'school', ...more });
  const plan = (entries: NodeEntry[]) => planTree(entries, tree, ['tree']);
  const faultOf = (entries: NodeEntry[]) => {
    try {
      plan(entries);
    } catch (error) {
      assert.ok(error instanceof ConfigurationFault);
      return `${error.path.join('.')}: ${error.message}`;
    }
    return assert.fail('it is taken');
  };

  it('is refused where it goes in a circle, says a key twice, or hangs on nothing', () => {
    const circle = [entry('x', { key: 'x', parent: 'y' }), entry('y', { key: 'y', parent: 'x' })];
    assert.equal(faultOf(circle), 'tree.1.parent: the node would come to lie below itself');
    const within = [entry('x', { key: 'x', parent: 'y', below: [entry('y', { key: 'y' })] })];
    assert.equal(faultOf(within), 'tree.0.parent: the node would come to lie below itself');
    assert.equal(
      faultOf([entry('x', { key: 'x', parent: 'x' })]),
      'tree.0.parent: the node would come to lie below itself',
    );
    assert.equal(faultOf([entry('x', { key: 'k' }), entry('y', { key: 'k' })]), 'tree.1.key: the key k is said twice');
    assert.equal(faultOf([entry('x', { parent: 'nowhere' })]), 'tree.0.parent: there is no node with the key nowhere');
  });

  it('knows a node by its key wherever it hangs, and turns a branch upside down', () => {
    const { nodes, absent } = plan([entry('b', { key: 'kb', below: [entry('a', { key: 'ka' }), entry('c')] })]);
    assert.deepEqual(
      nodes.map(({ found, changes }) => [found?.id, changes.map(({ member, from, to }) => `${member} ${from} ${to}`)]),
      [
        ['b', ['parent /a /']],
        ['a', ['parent / /b']],
        ['c', []],
      ],
    );
    assert.deepEqual(absent, []);
  });

  it('leaves alone what a branch hangs on', () => {
    const { nodes, absent } = plan([entry('d', { parent: 'kb' })]);
    assert.deepEqual([nodes.length, nodes[0]?.found], [1, undefined]);
    assert.deepEqual(
      absent.map(({ id }) => id),
      ['c'],
    );
  });
});

import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandBench, createBench, type Run } from './run-gatehouse.ts';

const district = `
gatehouse: 1
apis:
  https://api.district.example/:
    name: District API
capabilities:
  grades.read: { api: https://api.district.example/, description: See grades }
  grades.write: { api: https://api.district.example/, description: Give grades }
tenants:
  district:
    name: District
    settings:
      session_hours: 12
      branding: { accent_color: "#1f6f6b" }
    roles:
      Teacher: { capabilities: [grades.read, grades.write] }
      Reader: { description: Reads, capabilities: [grades.read] }
    tree:
      - name: North
        type: region
        key: north
        below:
          - { name: Lakeside, type: school, key: s1 }
          - { name: Hillcrest, type: school }
      - { name: South, type: region, key: south }
`;

describe('the configuration as a file', function () {
  this.timeout(240_000);
  let bench: CommandBench;
  before(async () => {
    bench = await createBench();
  });
  after(() => bench?.close());

  async function file(name: string, text: string): Promise<string> {
    const path = join(bench.directory, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  function succeeded(run: Run): Run {
    assert.equal(run.code, 0, run.stderr + run.stdout);
    return run;
  }

  it('plans, applies, plans nothing more, and exports what changes nothing', async () => {
    const path = await file('district.yaml', district);
    const planned = await bench.run(`plan ${path} --exit-code`);
    assert.equal(planned.code, 2, planned.stderr);
    assert.match(planned.stdout, /\+ role Reader|\+ district: role Reader/);
    assert.equal((await bench.db('tenants')).length, 0, 'a plan leaves nothing');
    succeeded(await bench.run(`apply ${path}`));
    assert.equal((await bench.run(`plan ${path} --exit-code`)).code, 0);
    const exported = succeeded(await bench.run('export')).stdout;
    const again = await file('exported.yaml', exported);
    const same = await bench.run(`plan ${again} --exit-code --prune`);
    assert.equal(same.code, 0, same.stdout + same.stderr + exported);
    assert.match(same.stdout, /Nothing differs/);
    console.error(exported);
    console.error(planned.stdout);
    await readFile(path);
  });
});

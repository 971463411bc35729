/**
 * Debian's Prometheus on loopback, with the rules of deploy/monitoring, and its promtool. It ends with the process that started it, in
 * whatever way that ends.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithProcess } from './end-with-process.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

const program = '/usr/bin/prometheus';

export interface Prometheus {
  /** The values of an expression at this moment, a series each. @throws what Prometheus says of it */
  query(expression: string): Promise<number[]>;
  /** Its rules, each with whether it could be evaluated: `ok`, `err`, or `unknown` as long as nobody tried. */
  rules(): Promise<{ name: string; health: string; lastError?: string }[]>;
  stop(): Promise<void>;
}

export function hasPrometheus(): boolean {
  return existsSync(program) && spawnSync('promtool', ['--version']).status === 0;
}

/** @returns what promtool says @throws what it says, where it ends with a fault */
export function promtool(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** @param metricsPort of a Gatehouse on loopback; @param rules a file */
export async function startPrometheus({
  metricsPort,
  rules,
}: {
  metricsPort: number;
  rules: string;
}): Promise<Prometheus> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-prometheus-'));
  const end = endWithProcess(directory);
  const port = await freePort();
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'gatehouse', static_configs: [{ targets: [`127.0.0.1:${metricsPort}`] }] }],
  };
  // YAML holds JSON.
  await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(configuration));
  const options = ['--config.file=prometheus.yml', '--storage.tsdb.path=data', '--log.level=warn'];
  const script = 'exec "$0" "$@" 2>log';
  spawn('/bin/sh', ['-c', script, program, ...options, `--web.listen-address=127.0.0.1:${port}`], {
    cwd: directory,
    stdio: 'ignore',
    detached: true,
  }).unref();

  async function ask(path: string): Promise<Record<string, unknown>> {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { data, error } = (await answer.json()) as { data: Record<string, unknown>; error?: string };
    if (error !== undefined) throw new Error(error);
    return data;
  }

  const prometheus: Prometheus = {
    async query(expression) {
      const { result } = await ask(`query?query=${encodeURIComponent(expression)}`);
      return (result as { value: [number, string] }[]).map(({ value: [, value] }) => Number(value));
    },
    async rules() {
      const { groups } = await ask('rules');
      return (groups as { rules: { name: string; health: string }[] }[]).flatMap((group) => group.rules);
    },
    stop: end,
  };
  try {
    await eventually(async () => {
      const log = await readFile(join(directory, 'log'), 'utf8').catch(() => '');
      await prometheus.rules().catch((error) => {
        throw new Error(`Prometheus does not answer: ${error.message} ${log}`);
      });
      return true;
    });
  } catch (error) {
    await end();
    throw error;
  }
  return prometheus;
}

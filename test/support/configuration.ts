/** Applies configurations to a database as the command does it, within the process of a test. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration } from '../../src/commands/configuration/read-configuration.ts';
import { writeYaml } from '../../src/commands/configuration/write-yaml.ts';
import { loadConfig } from '../../src/config.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createPasswordHasher } from '../../src/domain/methods/password/password-hash.ts';
import { systemActor } from '../../src/management/actor.ts';
import {
  type AppliedConfiguration,
  applyConfiguration,
} from '../../src/management/configuration/apply-configuration.ts';
import { exportConfiguration } from '../../src/management/configuration/export-configuration.ts';
import type { SecretReference } from '../../src/management/configuration/section.ts';
import type { ManagementDependencies } from '../../src/management/operation.ts';
import { managementDependencies } from '../../src/management-dependencies.ts';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../src/platform/secrets.ts';
import { createTestDatabase } from './database.ts';

interface Options {
  prune?: boolean;
  rotateSecrets?: boolean;
  agreedTo?: string;
}

export interface ConfigurationBench {
  db: Database;
  deps: ManagementDependencies;
  /** By the names of variables: what references lead to. */
  secrets: Map<string, string>;
  /** @param source YAML, or a value that is written as YAML. */
  plan(source: string | object, options?: Options): Promise<AppliedConfiguration>;
  apply(source: string | object, options?: Options): Promise<AppliedConfiguration>;
  /** As text. */
  export(tenants?: string[]): Promise<string>;
  close(): Promise<void>;
}

export async function createConfigurationBench(): Promise<ConfigurationBench> {
  const database = await createTestDatabase();
  const db = createDatabase({ url: database.url, poolMax: 4 });
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-configuration-'));
  const secretKey = randomToken(36);
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    ISSUER: 'http://localhost:3999',
    SECRET_KEY: secretKey,
    ARGON2_MEMORY_KIB: '1024',
  });
  const deps = managementDependencies({
    config,
    db,
    secrets: createSecrets([secretKey]),
    passwords: createPasswordHasher({ memoryKiB: 1024 }),
  });
  const actor = systemActor(systemCaller);
  const secrets = new Map<string, string>();
  const secretOf = (reference: SecretReference) => {
    const found = 'env' in reference ? secrets.get(reference.env) : undefined;
    if (found === undefined) throw new Error('no such secret');
    return found;
  };
  let files = 0;
  async function run(source: string | object, isRehearsal: boolean, options: Options = {}) {
    files += 1;
    const file = join(directory, `${files}.yaml`);
    await writeFile(file, typeof source === 'string' ? source : writeYaml(source));
    const { document } = await readConfiguration(file);
    const wanted = { prune: false, rotateSecrets: false, ...options, isRehearsal };
    return applyConfiguration(document, wanted, { deps, actor, secretOf });
  }
  return {
    db,
    deps,
    secrets,
    plan: (source, options) => run(source, true, options),
    apply: (source, options) => run(source, false, options),
    export: async (tenants) =>
      writeYaml(await exportConfiguration({ tenants, withServer: tenants === undefined }, { deps, actor })),
    async close() {
      await db.destroy();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

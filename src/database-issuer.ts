/**
 * A database belongs to the issuer that it was first started with: its sessions, tokens and logout jobs are of that one, and
 * any server on it sends them on. Owns who else may use it. Another issuer comes in its place on purpose alone.
 */
import type { Config } from './config.ts';
import { findSystemApiIdentifier } from './domain/resource-servers/resource-servers.ts';
import { ensureManagementApi } from './domain/setup/management-api.ts';
import { issuerOfAudience, managementAudience } from './oidc/tokens/management-audience.ts';
import type { Database } from './platform/database.ts';
import { StartError } from './start-error.ts';

/**
 * Makes the database this server's, or finds that it is.
 * @throws StartError where it is another's
 */
export async function claimDatabase(db: Database, config: Config): Promise<void> {
  const audience = managementAudience(config.issuer);
  const stored = await ensureManagementApi(db, audience, (other) => mayFollow(issuerOfAudience(other), config));
  if (stored !== audience) throw belongsTo(issuerOfAudience(stored), config);
}

/**
 * The issuer that a command acts for: the configured one, and where none is, the one whose database it is.
 * @param isGiven whether the configuration names it, or it is the default
 * @throws StartError where the database is another's
 */
export async function findIssuer(db: Database, config: Config, isGiven: boolean): Promise<string> {
  const audience = await findSystemApiIdentifier(db);
  const stored = audience === undefined ? config.issuer : issuerOfAudience(audience);
  if (stored === config.issuer || !isGiven) return stored;
  if (mayFollow(stored, config)) return config.issuer;
  throw belongsTo(stored, config);
}

function mayFollow(stored: string, { issuer, previousIssuer, isProduction }: Config): boolean {
  return stored === previousIssuer || (!isProduction && [stored, issuer].every(isThisMachine));
}

/** The address of a development server follows its port. */
function isThisMachine(issuer: string): boolean {
  return URL.parse(issuer)?.hostname === 'localhost';
}

function belongsTo(owner: string, { issuer }: Config): StartError {
  return new StartError(
    `The database belongs to ${owner}, and ISSUER is ${issuer}. Give this server a database of its own. ` +
      `To change the issuer for good, stop every server of ${owner} and start with ISSUER_PREVIOUS=${owner}`,
  );
}

/** `--role name@node`, as it is typed. */
import { UsageError } from './failures.ts';

/**
 * Reads `name` (at the root), `name@Region/School` or `name@<node id>`.
 * @throws UsageError
 */
export function parseRoleOption(named: string): { role: string; place: string } {
  const at = named.indexOf('@');
  const role = (at < 0 ? named : named.slice(0, at)).trim();
  const place = at < 0 ? '' : named.slice(at + 1).trim();
  if (role === '' || (at >= 0 && place === ''))
    throw new UsageError(`--role ${named}: give a role's name, or name@path of a node`);
  return { role, place };
}

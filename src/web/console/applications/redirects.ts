/**
 * Redirect URIs that an application sent and that are not registered, as pages show them: in what they differ, and whether the
 * page offers to add one. Owns that nothing is offered that a stranger could have put there to get other people's codes: anybody
 * can send an address in anybody's name.
 */
import { isAcceptableRedirectUri } from '../../../domain/clients/client-metadata.ts';
import { compareRedirect, type RedirectDifference } from '../../../domain/clients/compare-redirects.ts';
import type { ApplicationKind } from './application-page.ts';

/** An address in three parts, of which the middle differs from the other one. */
export interface MarkedAddress {
  before: string;
  differs: string;
  after: string;
}

const loopbacks = new Set(['localhost', '127.0.0.1', '[::1]']);

function isLoopback(address: string): boolean {
  return URL.canParse(address) && new URL(address).protocol === 'http:' && loopbacks.has(new URL(address).hostname);
}

/** Of these nobody else gets a code: the host is the same, and what answers there is. */
const harmless: ReadonlySet<RedirectDifference> = new Set(['host_case', 'trailing_slash', 'path_case']);
/** On the person's own machine whoever could listen at another port or path could at the registered one. */
const harmlessAtHome: ReadonlySet<RedirectDifference> = new Set([...harmless, 'loopback_name', 'port', 'path']);

/**
 * Whether a page may lead to a form that has this address filled in. It has to be all of what was sent (of a query nothing is
 * kept), one that can be registered, and one that differs from a registered one in nothing that decides who gets the code.
 */
export function isSafeToAdd(sent: string, registered: readonly string[], kind: ApplicationKind): boolean {
  if (sent === '' || sent.length >= 300 || /[?#]/.test(sent) || registered.includes(sent)) return false;
  if (!isAcceptableRedirectUri(sent, kind)) return false;
  const { registered: closest, differences } = compareRedirect(sent, registered);
  if (closest === null) return false;
  const allowed = isLoopback(sent) && isLoopback(closest) ? harmlessAtHome : harmless;
  return differences.length > 0 && differences.every((difference) => allowed.has(difference));
}

/** Two addresses with what is alike at their beginnings and ends apart from what is not. */
export function markDifference(sent: string, registered: string): { sent: MarkedAddress; registered: MarkedAddress } {
  const most = Math.min(sent.length, registered.length);
  let start = 0;
  while (start < most && sent[start] === registered[start]) start += 1;
  let end = 0;
  while (end < most - start && sent.at(-1 - end) === registered.at(-1 - end)) end += 1;
  const marked = (text: string): MarkedAddress => ({
    before: text.slice(0, start),
    differs: text.slice(start, text.length - end),
    after: text.slice(text.length - end),
  });
  return { sent: marked(sent), registered: marked(registered) };
}

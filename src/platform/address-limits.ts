/**
 * Limits by the address that a request comes from. Owns that networks which an operator trusts are not limited, and that
 * an operator's numbers stand in for the declared ones. Many people may share one address (a school, a company, a mobile
 * operator), so what is counted by one is what went wrong or came to nothing, and it is given back where it came to good.
 */
import type { Database } from './database.ts';
import { isInNetworks, parseNetworks } from './network/networks.ts';
import { type Counted, consume, type Hits, hitsOf, type Limit } from './rate-limits.ts';

/** What somebody asks of addresses within what the server asks, such as a tenant. */
export interface AddressTerms {
  /** Networks that are not limited where these terms hold. */
  trustedNetworks: readonly string[];
  /** Less than the server lets through; null: as the server. */
  most: number | null;
}

export interface AddressLimits {
  /** How many are let through at an address; undefined where it is not limited. */
  mostAt(limit: Limit, ip: string, terms?: AddressTerms): number | undefined;
  /** What one hit of an address is counted as, by a statement that counts it; undefined where it is not limited. */
  hitsAt(limit: Limit, ip: string | undefined, terms?: AddressTerms): Hits | undefined;
  /**
   * Counts one hit of an address. What is answered gives it back (`giveBackHit`).
   * @throws DomainError rate_limited TOO_MANY_ATTEMPTS `{ seconds }`
   */
  consume(db: Database, limit: Limit, ip: string | undefined, terms?: AddressTerms): Promise<Counted>;
}

/** @param numbers how many are let through of a limit, by its name, where that is not what it was declared with */
export function createAddressLimits({
  trustedNetworks,
  numbers,
}: {
  trustedNetworks: readonly string[];
  numbers: Readonly<Record<string, number>>;
}): AddressLimits {
  const trusted = parseNetworks(trustedNetworks);

  function mostAt(limit: Limit, ip: string, terms?: AddressTerms): number | undefined {
    if (isInNetworks(ip, trusted)) return undefined;
    if (terms && terms.trustedNetworks.length > 0 && isInNetworks(ip, parseNetworks(terms.trustedNetworks)))
      return undefined;
    return Math.min(numbers[limit.name] ?? limit.hits, terms?.most ?? Number.POSITIVE_INFINITY);
  }

  /** The limit as it is at an address. */
  function limitAt(limit: Limit, ip: string | undefined, terms?: AddressTerms): Limit | undefined {
    const hits = ip === undefined ? undefined : mostAt(limit, ip, terms);
    return hits === undefined ? undefined : { ...limit, hits };
  }

  return {
    mostAt,
    hitsAt(limit, ip, terms) {
      const limited = limitAt(limit, ip, terms);
      return limited && hitsOf(limited, ip as string);
    },
    async consume(db, limit, ip, terms) {
      const limited = limitAt(limit, ip, terms);
      return limited ? consume(db, limited, ip as string) : [];
    },
  };
}

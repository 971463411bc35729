/** What a person is called by, for finding them in what holds no reference to them: sealed content, and the trail. */

export interface PersonWords {
  /** Whether a JSON value names the person anywhere in it. */
  mentions(value: unknown): boolean;
}

export interface PersonNames {
  /** Also inside a longer text, such as an address of a page. */
  addresses: readonly (string | null)[];
  /** Only as a whole: a name may be a word of any text. Ids, too. */
  names: readonly (string | null)[];
}

const present = (texts: readonly (string | null)[]) =>
  texts.filter((text): text is string => text !== null && text !== '').map((text) => text.toLowerCase());

export function personWords({ addresses, names }: PersonNames): PersonWords {
  const whole = new Set(present(names));
  const parts = present(addresses).flatMap((address) => [address, encodeURIComponent(address).toLowerCase()]);
  // `ada@example.org` does not stand in `bada@example.org`.
  const within = parts.map((part) => new RegExp(`(?<![\\w.+-])${part.replace(/[^\w]/g, '\\$&')}(?![\\w-]|\\.\\w)`));
  const named = (text: string) => whole.has(text) || within.some((pattern) => pattern.test(text));

  function mentions(value: unknown): boolean {
    if (typeof value === 'string') return named(value.toLowerCase());
    if (typeof value !== 'object' || value === null) return false;
    return Object.entries(value).some(([name, member]) => named(name.toLowerCase()) || mentions(member));
  }
  return { mentions };
}

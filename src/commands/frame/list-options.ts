/** The options that every list has, and numbers and moments on the command line. */
import { type Command, InvalidArgumentError } from 'commander';

export interface ListOptions {
  limit: number;
  after?: string;
}

/** A whole number of an option, between two bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    return value;
  };
}

export function addListOptions(command: Command): Command {
  return command
    .option('--limit <number>', 'at most so many', wholeNumber(1, 1000), 50)
    .option('--after <id>', 'go on after this id, the `next` of the page before');
}

/** As many as were asked for, of a list that the domain gives in smaller pages. */
export async function collectPages<T extends { id: string }>(
  { limit, after }: ListOptions,
  page: (query: { limit: number; after: string | undefined }) => Promise<T[]>,
): Promise<T[]> {
  const most = 200;
  const found: T[] = [];
  while (found.length < limit) {
    const wanted = Math.min(most, limit - found.length);
    const next = await page({ limit: wanted, after: found.at(-1)?.id ?? after });
    found.push(...next);
    if (next.length < wanted) break;
  }
  return found;
}

/** The id to go on after; null at the end of the list. */
export function nextOf(found: readonly { id: string }[], { limit }: ListOptions): string | null {
  return found.length < limit ? null : (found.at(-1)?.id ?? null);
}

/** How the text of a list ends. */
export function moreOf(next: string | null): string {
  return next === null ? '' : `\n\nThere may be more: --after ${next}`;
}

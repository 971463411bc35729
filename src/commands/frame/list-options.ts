/** The options that every list has, and numbers and moments on the command line. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Page } from '../../platform/paging.ts';

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

/** As many as were asked for, of a list that may give them in smaller pages. */
export async function collectPages<T>(
  { limit, after }: ListOptions,
  page: (request: { limit: number; after: string | null }) => Promise<Page<T>>,
): Promise<Page<T>> {
  const items: T[] = [];
  let next = after ?? null;
  do {
    const found: Page<T> = await page({ limit: limit - items.length, after: next });
    items.push(...found.items);
    next = found.next;
  } while (next !== null && items.length < limit);
  return { items, next };
}

/** How the text of a list ends. */
export function moreOf(next: string | null): string {
  return next === null ? '' : `\n\nThere may be more: --after ${next}`;
}

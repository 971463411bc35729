/** What is typed as a value of a tenant's setting: words, lists, countries, networks and domains. */
import { domainToASCII } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { countries } from '../platform/environment/environment-forms.ts';
import { isNarrowNetwork } from '../platform/network/networks.ts';

/** `otherwise` for the word that takes a setting back, else what `parse` makes of the text. */
export function unless<T, W>(word: string, otherwise: W, parse: (text: string) => T): (text: string) => T | W {
  return (text) => (text.toLowerCase() === word ? otherwise : parse(text));
}

export function listOf(text: string): string[] {
  const entries = text
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean);
  if (entries.length === 0) throw new InvalidArgumentError('Give at least one.');
  return entries;
}

const channels = ['email', 'sms', 'whatsapp'] as const;
export type CodeChannel = (typeof channels)[number];

export function channelsOf(text: string): CodeChannel[] {
  return listOf(text).map((entry) => {
    const channel = channels.find((known) => known === entry);
    if (channel === undefined) throw new InvalidArgumentError(`Give some of ${channels.join(', ')}.`);
    return channel;
  });
}

export function countriesOf(text: string): string[] {
  const parsed = countries.safeParse(listOf(text).join(','));
  if (!parsed.success) throw new InvalidArgumentError('Give ISO 3166-1 codes such as FR,CH; the United Kingdom is GB.');
  return parsed.data;
}

export function networksOf(text: string): string[] {
  return listOf(text).map((entry) => {
    if (!isNarrowNetwork(entry))
      throw new InvalidArgumentError('Give networks such as 203.0.113.0/24, no wider than /16, or /32 of IPv6.');
    return entry;
  });
}

export function domainsOf(text: string): string[] {
  return listOf(text).map((entry) => {
    const domain = domainToASCII(entry.replace(/^@/, ''));
    if (!domain.includes('.')) throw new InvalidArgumentError('Give domains such as example.org.');
    return domain;
  });
}

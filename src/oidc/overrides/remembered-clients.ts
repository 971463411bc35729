/**
 * The library's object of a client, by the registration that it was made of. The registration is remembered
 * (storage/client-adapter.ts) and is another object as soon as it has changed.
 */
import { LRUCache } from 'lru-cache';
import { type Override, replaceMethod } from './override.ts';

interface Clients {
  adapter: { find(id: string): Promise<object | undefined> };
  find(id: string): Promise<object | undefined>;
}

/** Some ten megabytes. */
const most = 2_000;

export const rememberedClients: Override = {
  name: 'remembered-clients',
  why: 'The library makes JSON of the registration and hashes it at each request, and keeps a hundred clients.',
  apply({ provider }) {
    const clients = new LRUCache<object, object>({ max: most });
    replaceMethod(
      provider.Client as unknown as Clients,
      'find',
      (find) =>
        async function findRemembered(this: Clients, id) {
          const registration = typeof id === 'string' && id !== '' ? await this.adapter.find(id) : undefined;
          const known = registration && clients.get(registration);
          if (known) return known;
          const client = await find.call(this, id);
          if (registration && client) clients.set(registration, client);
          return client;
        },
    );
  },
};
